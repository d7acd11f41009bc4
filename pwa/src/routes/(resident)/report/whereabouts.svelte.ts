/** Finding the place of a report: what the phone says, what the person says, and which neighbourhood that is. */
import { areaAt, type FoundArea } from '#lib/geo/areas.ts';
import { distanceM, type Point } from '#lib/geo/distance.ts';
import { locate, NotLocated, type Position } from '#lib/geo/locate.ts';
import type { AreaOut, ReportEditor } from '#lib/state/index.ts';

/** A worse fix than this says nothing about the neighbourhood; the server refuses it, too. */
export const vagueM = 2000;
/** Nearer than this to where the phone is, the photo's own place tells nothing new. */
const sameM = 50;

export class Whereabouts {
	/** The phone's last word on where it is. */
	own = $state.raw<Position | null>(null);
	searching = $state(false);
	failure = $state<NotLocated['reason'] | null>(null);
	/** Where the map is to look; a new object moves it there. */
	look = $state.raw<(Point & { zoom?: number }) | null>(null);
	readonly #editor: ReportEditor;
	readonly #areas: () => readonly AreaOut[];
	#stop: AbortController | null = null;

	constructor(editor: ReportEditor, areas: () => readonly AreaOut[]) {
		this.#editor = editor;
		this.#areas = areas;
		const at = this.point;
		if (at) this.look = { ...at, zoom: 17 };
	}

	/** The place as it will be sent. */
	get point(): Point | null {
		const { lat, lon } = this.#editor.draft;
		return lat === null || lon === null ? null : { lat, lon };
	}

	/** The neighbourhood at the point, by the outlines; null outside of all. */
	get found(): FoundArea | null {
		const at = this.point;
		return at && areaAt(at.lat, at.lon, this.#areas());
	}

	/** The phone knows only roughly where it is: no place to send. */
	get vague(): boolean {
		return this.own !== null && this.own.accuracyM > vagueM;
	}

	/** The photo's place, where it says something else than what is set. */
	get photoPlace(): Point | null {
		const place = this.#editor.photoPlace;
		const at = this.point;
		return place && !(at && distanceM(place, at) < sameM) ? place : null;
	}

	/** Asks the phone, and follows as it gets surer, until the person sets the place themselves. */
	async search(): Promise<void> {
		this.stop();
		const stop = new AbortController();
		this.#stop = stop;
		this.searching = true;
		this.failure = null;
		try {
			await locate({ signal: stop.signal, onBetter: (position) => this.#better(position) });
		} catch (error) {
			if (stop.signal.aborted) return;
			if (!(error instanceof NotLocated)) throw error;
			this.failure = error.reason;
		} finally {
			if (this.#stop === stop) this.searching = false;
		}
	}

	stop(): void {
		this.#stop?.abort();
		this.#stop = null;
		this.searching = false;
	}

	#better(position: Position): void {
		this.own = position;
		const { lat, lon, accuracyM } = position;
		this.look = { lat, lon, zoom: zoomFor(accuracyM) };
		if (accuracyM > vagueM) return;
		this.#editor.set({ lat, lon, accuracy_m: Math.round(accuracyM), located_by: 'gps', area_id: null });
	}

	/** The person moved the map under the pin. */
	moved(middle: Point): void {
		this.stop();
		this.#editor.set({ ...rounded(middle), accuracy_m: null, located_by: 'map', area_id: null });
	}

	usePhotoPlace(place: Point): void {
		this.stop();
		this.#editor.set({ ...rounded(place), accuracy_m: null, located_by: 'photo', area_id: null });
		this.look = { ...place, zoom: 17 };
	}

	/** Without a point: only the neighbourhood and words. `look`: what the map shows then. */
	forgetPoint(look: Point | null = null): void {
		this.stop();
		this.#editor.set({ lat: null, lon: null, accuracy_m: null, located_by: 'none' });
		if (look) this.look = { ...look, zoom: 15 };
	}
}

/** Six decimals are 11 cm. */
function rounded(point: Point): Point {
	return { lat: Math.round(point.lat * 1e6) / 1e6, lon: Math.round(point.lon * 1e6) / 1e6 };
}

/** So that the circle of the phone's doubt fits on the screen, as far as streets can still be told apart. */
function zoomFor(accuracyM: number): number {
	return Math.max(13, Math.min(18, Math.round(24.5 - Math.log2(Math.max(10, accuracyM) * 2))));
}
