/** Which neighbourhood a point lies in, without asking the server (R10). The server has the exact boundary. */
import type { AreaOut, Ring } from '#lib/api/types.ts';
import { distanceM, type Point } from './distance.ts';

/** Beyond every boundary, but this near to one, still counts as there. The server's rule, too. */
export const nearbyM = 200;

export interface FoundArea {
	area: AreaOut;
	/** The point is outside of every outline, up to `nearbyM`. */
	outside: boolean;
}

/**
 * The neighbourhood at a point: the one whose outline holds it, else the nearest within 200 m, else null ("not our
 * area"). Outlines are thinned for phones, so near a border the server may say another.
 */
export function areaAt(lat: number, lon: number, areas: readonly AreaOut[]): FoundArea | null {
	const point = { lat, lon };
	const candidates = areas.filter((area) => area.level === 'neighbourhood');
	const holding = candidates.find((area) => holds(area.outline, point));
	if (holding) return { area: holding, outside: false };
	let best: FoundArea | null = null;
	let bestM = nearbyM;
	for (const area of candidates) {
		const metres = distanceToOutlineM(area.outline, point);
		if (metres > bestM) continue;
		bestM = metres;
		best = { area, outside: true };
	}
	return best;
}

/** Even-odd rule over all rings: islands add, holes take away. */
function holds(outline: readonly Ring[], point: Point): boolean {
	let inside = false;
	for (const ring of outline) {
		for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
			const a = ring[i];
			const b = ring[j];
			if (!a || !b || a[0] > point.lat === b[0] > point.lat) continue;
			const crossing = ((b[1] - a[1]) * (point.lat - a[0])) / (b[0] - a[0]) + a[1];
			if (point.lon < crossing) inside = !inside;
		}
	}
	return inside;
}

/** Metres from a point to the nearest border; Infinity without one. */
export function distanceToOutlineM(outline: readonly Ring[], point: Point): number {
	// Flat over a few hundred metres: degrees of longitude shrunk to those of latitude.
	const squeeze = Math.cos((point.lat * Math.PI) / 180);
	let nearest = Infinity;
	for (const ring of outline) {
		for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
			const a = ring[i];
			const b = ring[j];
			if (!a || !b) continue;
			const ax = (a[1] - point.lon) * squeeze;
			const ay = a[0] - point.lat;
			const dx = (b[1] - a[1]) * squeeze;
			const dy = b[0] - a[0];
			const length = dx * dx + dy * dy;
			const t = length === 0 ? 0 : Math.max(0, Math.min(1, -(ax * dx + ay * dy) / length));
			const at = { lat: point.lat + ay + t * dy, lon: point.lon + (ax + t * dx) / squeeze };
			nearest = Math.min(nearest, distanceM(point, at));
		}
	}
	return nearest;
}
