/** The report of one tap: where the phone is, how bad it is, nothing to type. */
import type { AreaOut, CrisisOut, Severity } from '#lib/api/types.ts';
import { database } from '#lib/data/db.ts';
import { enqueue } from '#lib/data/outbox.ts';
import type { Payloads } from '#lib/data/rows.ts';
import { areaAt } from '#lib/geo/areas.ts';
import { locate, NotLocated, type Position } from '#lib/geo/locate.ts';

/** After the second tap nobody waits longer; what the phone knows by then has to do. */
export const patienceMs = 4_000;
/** A place that is surer than this tells one street from the next. */
const vagueM = 150;

/** Looks for the place from the first tap on. */
export class Whereabouts {
	best: Position | null = null;
	readonly #search: Promise<unknown>;
	readonly #stop = new AbortController();

	constructor() {
		this.#search = locate({ signal: this.#stop.signal, onBetter: (found) => (this.best = found) }).catch(
			(error: unknown) => {
				if (!(error instanceof NotLocated) && !this.#stop.signal.aborted) throw error;
			}
		);
	}

	/** The best there is when the search has ended or patience has. */
	async settle(): Promise<Position | null> {
		await Promise.race([this.#search, new Promise((resolve) => setTimeout(resolve, patienceMs))]);
		this.#stop.abort();
		return this.best;
	}

	leave(): void {
		this.#stop.abort();
	}
}

/** What is sent; without a place that is sure, and ours, it is about the neighbourhood one lives in. */
export function reportOf(
	crisis: Pick<CrisisOut, 'category_id'>,
	severity: Severity,
	at: Position | null,
	home: string | null,
	areas: readonly AreaOut[]
): Payloads['report'] {
	const sure = at !== null && at.accuracyM <= vagueM && areaAt(at.lat, at.lon, areas) !== null;
	return {
		category_id: crisis.category_id,
		severity,
		device_created_at: new Date().toISOString(),
		...(sure
			? {
					located_by: 'gps',
					lat: Math.round(at.lat * 1e6) / 1e6,
					lon: Math.round(at.lon * 1e6) / 1e6,
					accuracy_m: Math.round(at.accuracyM)
				}
			: { located_by: 'none', ...(home && { area_id: home }) })
	};
}

/** Safely on the phone when this resolves; to the report's id. */
export async function queueReport(payload: Payloads['report']): Promise<string> {
	const entry = await enqueue(await database(), { kind: 'report', payload });
	return entry.id;
}
