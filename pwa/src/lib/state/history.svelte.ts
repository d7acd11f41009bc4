/** A case's whole life, page by page. Asked for online only: a copy proves nothing. */
import { api, Problem } from '#lib/api/client.ts';
import type { HistoryEntry, HistoryOut } from '#lib/api/types.ts';

export class CaseHistory {
	/** The first page's own fields. */
	head = $state.raw<HistoryOut | null>(null);
	entries = $state.raw<readonly HistoryEntry[]>([]);
	departments = $state.raw<HistoryOut['departments']>({});
	/** `Problem` or `Unreachable` of the last try. */
	error = $state.raw<unknown>(null);
	#next = $state<number | null>(null);
	#id: string;

	constructor(id: string) {
		this.#id = id;
	}

	get more(): boolean {
		return this.#next !== null;
	}

	get missing(): boolean {
		return this.error instanceof Problem && [403, 404].includes(this.error.status);
	}

	get broken(): boolean {
		return this.entries.some((entry) => entry.proof === 'broken') || (this.head?.broken_seq ?? null) !== null;
	}

	async load(): Promise<void> {
		await this.#page(0);
	}

	async loadMore(): Promise<void> {
		if (this.#next !== null) await this.#page(this.#next);
	}

	async #page(after: number): Promise<void> {
		try {
			const page = await api.request<HistoryOut>('GET', `/api/reports/${this.#id}/history?after=${after}`);
			this.head ??= page;
			this.entries = after ? [...this.entries, ...page.entries] : page.entries;
			this.departments = { ...this.departments, ...page.departments };
			this.#next = page.next;
			this.error = null;
		} catch (error) {
			this.error = error;
		}
	}
}
