import { mostMoves } from '#lib/state/index.ts';

/** Which reports of a list are chosen for a step together. */
export class Selection {
	ids = $state.raw<ReadonlySet<string>>(new Set());
	/** On a phone the boxes stand there only while somebody chooses. */
	choosing = $state(false);
	/** From where a range is drawn: the last one touched. */
	#anchor: string | null = null;

	get size(): number {
		return this.ids.size;
	}

	has(id: string): boolean {
		return this.ids.has(id);
	}

	toggle(id: string): void {
		const next = new Set(this.ids);
		if (!next.delete(id)) next.add(id);
		this.#anchor = id;
		this.#set(next);
	}

	/** All from the last one touched to `id`, in the order of the list. */
	extend(id: string, order: readonly string[]): void {
		const from = order.indexOf(this.#anchor ?? id);
		const to = order.indexOf(id);
		if (to === -1) return;
		const range = order.slice(Math.min(from === -1 ? to : from, to), Math.max(from, to) + 1);
		this.#anchor ??= id;
		this.#set(new Set([...this.ids, ...range]));
	}

	all(order: readonly string[]): void {
		this.#set(new Set(order));
	}

	clear(): void {
		this.choosing = false;
		this.#anchor = null;
		if (this.ids.size > 0) this.ids = new Set();
	}

	/** What is no longer in the list is no longer chosen. */
	keep(order: readonly string[]): void {
		const listed = new Set(order);
		const left = [...this.ids].filter((id) => listed.has(id));
		if (left.length < this.ids.size) this.ids = new Set(left);
	}

	/** No more than can be moved at once: the first ones stay. */
	#set(ids: Set<string>): void {
		this.ids = new Set([...ids].slice(0, mostMoves));
	}
}
