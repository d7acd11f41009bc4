const earthRadiusM = 6_371_008.8;

export interface Point {
	lat: number;
	lon: number;
}

/** Metres along the earth's surface (haversine on the mean sphere; within 0.5 %). */
export function distanceM(a: Point, b: Point): number {
	const rad = Math.PI / 180;
	const dLat = (b.lat - a.lat) * rad;
	const dLon = (b.lon - a.lon) * rad;
	const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(dLon / 2) ** 2;
	return 2 * earthRadiusM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** On the earth, and not the 0/0 that broken receivers report. */
export function isPosition(lat: number, lon: number): boolean {
	return (
		Number.isFinite(lat) &&
		Number.isFinite(lon) &&
		Math.abs(lat) <= 90 &&
		Math.abs(lon) <= 180 &&
		!(Math.abs(lat) < 1e-4 && Math.abs(lon) < 1e-4)
	);
}
