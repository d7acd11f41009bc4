/** The desk: sets too large to replicate are asked for online; what was opened stays readable offline. */
import { api } from '#lib/api/client.ts';
import type { CaseOut, DeskFilters, DeskOut, ReportOut } from '#lib/api/types.ts';
import { forgetSent } from '#lib/data/bulk.ts';
import { fetchCase } from '#lib/data/cases.ts';
import { database } from '#lib/data/db.ts';
import { listen } from '#lib/data/signal.ts';
import { Live } from './live.svelte.ts';
import { looksLikeNumber } from '#lib/phone-number.ts';
import { knownReport, type ReportView } from './reports.svelte.ts';

const pageSize = 50;
/** The server gives no more at once. */
const largestPage = 100;

/**
 * One list of the desk. Make one per screen: `const list = new DeskList({ tray: 'open' })`, call `start()` in
 * `onMount` (its result ends it), read the fields. It asks again by itself when the server says that something changed.
 */
export class DeskList {
	reports = $state.raw<ReportView[]>([]);
	counts = $state.raw<DeskOut['counts'] | null>(null);
	loading = $state(false);
	/** `Problem` or `Unreachable` of the last try; what is listed stays. */
	error = $state.raw<unknown>(null);
	/** There are more: see `loadMore`. */
	more = $state(false);
	/** ms since 1970 of the last answer. */
	loadedAt = $state<number | null>(null);
	#filter: DeskFilters;
	#rows: readonly ReportOut[] = [];
	#cursor: string | null = null;
	#run = 0;

	constructor(filter: DeskFilters) {
		this.#filter = filter;
	}

	start(): () => void {
		void this.reload();
		return listen((signal) => {
			if (signal.news || signal.drained) void this.reload();
			else if (signal.changed?.includes('outbox')) void this.#overlay();
		});
	}

	/** Other conditions, from the top. */
	filterBy(filter: DeskFilters): Promise<void> {
		this.#filter = filter;
		return this.reload();
	}

	async reload(): Promise<void> {
		// As many as are shown already, or the list would jump under the reader's eyes.
		await this.#load(null, Math.max(pageSize, this.reports.length));
	}

	async loadMore(): Promise<void> {
		if (this.#cursor && !this.loading) await this.#load(this.#cursor, pageSize);
	}

	/** `wanted` more from `cursor` on; null: from the top, in place of what is shown. */
	async #load(cursor: string | null, wanted: number): Promise<void> {
		const run = ++this.#run;
		this.loading = true;
		try {
			const rows: ReportOut[] = [];
			let counts: DeskOut['counts'];
			let next = cursor;
			do {
				const limit = Math.min(largestPage, wanted - rows.length);
				const answer = await this.#ask(next, limit);
				rows.push(...answer.reports);
				({ counts, cursor: next } = answer);
			} while (next && rows.length < wanted && run === this.#run);
			if (run !== this.#run) return;
			// A page may have moved on between two questions: nothing stands there twice.
			const known = new Set(cursor ? this.#rows.map((row) => row.id) : []);
			const fresh = rows.filter((row) => !known.has(row.id) && known.add(row.id));
			this.#rows = cursor ? [...this.#rows, ...fresh] : fresh;
			await forgetSent(await database());
			await this.#overlay();
			this.counts = counts;
			this.#cursor = next;
			this.more = next !== null;
			this.loadedAt = Date.now();
			this.error = null;
		} catch (error) {
			if (run === this.#run) this.error = error;
		} finally {
			if (run === this.#run) this.loading = false;
		}
	}

	/** What waits on this device to be sent, laid over what the server said. */
	async #overlay(): Promise<void> {
		const rows = this.#rows;
		const db = await database();
		const entries = await db.getAllFromIndex('outbox', 'by_order');
		const views = await Promise.all(rows.map((row) => knownReport(db, row, entries)));
		if (rows === this.#rows) this.reports = views;
	}

	#ask(cursor: string | null, limit: number): Promise<DeskOut> {
		const filters = this.#filter;
		if (!looksLikeNumber(filters.q ?? '')) {
			return api.request('GET', `/api/desk/reports?${this.#query(cursor, limit)}`);
		}
		// Addresses end up in logs; telephone numbers must not.
		return api.request('POST', '/api/desk/reports/search', { body: { filters, cursor, limit } });
	}

	#query(cursor: string | null, limit: number): URLSearchParams {
		const { states = [], category_ids = [], q = '', ...rest } = this.#filter;
		const query = new URLSearchParams({ limit: String(limit) });
		for (const [name, value] of Object.entries(rest)) if (value) query.set(name, String(value));
		for (const state of states) query.append('state', state);
		for (const id of category_ids) query.append('category_id', id);
		if (q.trim()) query.set('q', q.trim());
		if (cursor) query.set('cursor', cursor);
		return query;
	}
}

/**
 * Fetches one case and keeps it: `reports.get(id)` and `thread(id)` then show it, offline too. For reports that sync
 * does not bring. Throws `Problem` (404: not yours to see) or `Unreachable` (show what is kept).
 */
export async function openCase(id: string): Promise<CaseOut> {
	return fetchCase(await database(), id);
}

/**
 * One case while a screen shows it: `const opened = new OpenedCase(id)`, `start()` in `onMount` (its result ends it).
 * Desks are not copied by sync: it asks again by itself when the server says that something changed.
 */
export class OpenedCase {
	loading = $state(false);
	/** `Problem` (404: not yours to see) or `Unreachable` of the last try; what is kept stays to be read. */
	error = $state.raw<unknown>(null);
	readonly #id: string;

	constructor(id: string) {
		this.#id = id;
	}

	start(): () => void {
		const again = () => void this.reload();
		again();
		addEventListener('online', again);
		const stopListening = listen((signal) => {
			if (signal.news || signal.drained) again();
		});
		return () => {
			stopListening();
			removeEventListener('online', again);
		};
	}

	async reload(): Promise<void> {
		this.loading = true;
		try {
			await openCase(this.#id);
			this.error = null;
		} catch (error) {
			this.error = error;
		} finally {
			this.loading = false;
		}
	}
}

/** The cases opened on this device, the last one on top: what a desk can read without a network. */
export const keptCases = new Live<ReportView[]>(['cases', 'outbox', 'uploads'], async (db) => {
	const rows = (await db.getAll('cases')).sort((a, b) => b.fetchedAt - a.fetchedAt);
	const entries = await db.getAllFromIndex('outbox', 'by_order');
	return Promise.all(rows.map((row) => knownReport(db, row.report, entries)));
});
