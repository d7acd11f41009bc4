import { getContext, setContext, untrack } from 'svelte';
import { DeskList, type DeskFilters, type ReportView } from '#lib/state/index.ts';
import { Bulk } from './bulk.svelte.ts';
import { Selection } from './selection.svelte.ts';

/** Typing is over after so many milliseconds: then the server is asked. */
const typedMs = 300;

/** The list of the desk with what was chosen and typed: it outlives the case that is opened beside or over it. */
export class Inbox {
	/** The conditions, without the words. */
	filters = $state.raw<DeskFilters>({});
	words = $state('');
	/** Where the keys `j` and `k` are. */
	cursor = $state<string | null>(null);
	/** Goes up whenever another list is asked for: then one begins at its top. */
	turn = $state(0);
	/** The map stands beside the list. */
	mapped = $state(false);
	readonly list = new DeskList({});
	readonly selection = new Selection();
	readonly bulk = new Bulk();
	/** Ids of reports that came in while the list was shown, until they are opened. */
	fresh = $state.raw<ReadonlySet<string>>(new Set());
	#known: Set<string> | null = null;
	#timer: ReturnType<typeof setTimeout> | null = null;

	get rows(): readonly ReportView[] {
		return this.list.reports;
	}

	start(): () => void {
		const stop = this.list.start();
		return () => {
			stop();
			if (this.#timer) clearTimeout(this.#timer);
		};
	}

	/** Another list, from the top. `words`: what it searches for; left out, what is typed stays. */
	choose(filters: DeskFilters, words = this.words): void {
		this.filters = filters;
		this.words = words;
		this.#ask();
	}

	type(words: string): void {
		this.words = words;
		if (this.#timer) clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#ask(), typedMs);
	}

	async loadMore(): Promise<void> {
		this.#known = null;
		await this.list.loadMore();
	}

	/** It has been looked at. */
	opened(id: string): void {
		const fresh = untrack(() => this.fresh);
		if (fresh.has(id)) this.fresh = new Set([...fresh].filter((one) => one !== id));
	}

	/**
	 * Marks what was not in the list before, and lets go what no longer is. Called whenever the server has answered;
	 * returns how many came in.
	 */
	note(): number {
		if (this.list.loadedAt === null) return 0;
		const ids = untrack(() => this.list.reports.map((report) => report.id));
		this.selection.keep(ids);
		const known = this.#known;
		this.#known = new Set(ids);
		if (!known) return 0;
		const come = ids.filter((id) => !known.has(id));
		if (come.length > 0) this.fresh = new Set([...untrack(() => this.fresh), ...come]);
		return come.length;
	}

	#ask(): void {
		this.#known = null;
		this.fresh = new Set();
		this.cursor = null;
		this.turn += 1;
		this.selection.clear();
		void this.list.filterBy({ ...this.filters, q: this.words });
	}
}

const key = Symbol('inbox');

export function provideInbox(): Inbox {
	return setContext(key, new Inbox());
}

export function useInbox(): Inbox {
	return getContext<Inbox>(key);
}
