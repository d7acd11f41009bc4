import { getContext, setContext, untrack } from 'svelte';
import { DeskList, queue, reports, type DeskFilter, type ReportView } from '#lib/state/index.ts';

/** Typing is over after so many milliseconds: then the server is asked. */
const typedMs = 300;

/** The list of the desk with what was chosen and typed: it outlives the case that is opened beside or over it. */
export class Inbox {
	tray = $state<DeskFilter['tray']>('open');
	/** Department's id; '' = all. */
	department = $state('');
	words = $state('');
	readonly list = new DeskList({ tray: 'open' });
	/** Ids of reports that came in while the list was shown, until they are opened. */
	fresh = $state.raw<ReadonlySet<string>>(new Set());
	#known: Set<string> | null = null;
	#timer: ReturnType<typeof setTimeout> | null = null;

	/** The rows, with what waits on this device to be sent laid over them. */
	get rows(): ReportView[] {
		const waiting = new Set((queue.current?.items ?? []).map((item) => item.reportId));
		return this.list.reports.map((row) => (waiting.has(row.id) ? (reports.get(row.id).current ?? row) : row));
	}

	start(): () => void {
		const stop = this.list.start();
		return () => {
			stop();
			if (this.#timer) clearTimeout(this.#timer);
		};
	}

	choose(filter: { tray?: DeskFilter['tray']; department?: string }): void {
		this.tray = filter.tray ?? this.tray;
		this.department = filter.department ?? this.department;
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

	/** Marks what was not in the list before. Called whenever the server has answered; returns how many came in. */
	note(): number {
		if (this.list.loadedAt === null) return 0;
		const ids = this.list.reports.map((report) => report.id);
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
		void this.list.filterBy({
			tray: this.tray,
			...(this.department && { departmentId: this.department }),
			...(this.words.trim() && { q: this.words })
		});
	}
}

const key = Symbol('inbox');

export function provideInbox(): Inbox {
	return setContext(key, new Inbox());
}

export function useInbox(): Inbox {
	return getContext<Inbox>(key);
}
