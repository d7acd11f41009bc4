/** A list that changes while it is read: what is under the hand stays where it is. */

export interface Place {
	id: string;
	/** Distance from the top of the window, CSS pixels. */
	top: number;
}

const rowsOf = (pane: Element) => pane.querySelectorAll<HTMLElement>('[data-report]');

/**
 * Rows that can be seen, the most important first: the one that has the keyboard, the one under the mouse, the one the
 * keys are at, then from the top.
 */
export function placesOf(pane: Element, cursor: string | null): Place[] {
	const seen: { row: HTMLElement; place: Place; weight: number }[] = [];
	for (const row of rowsOf(pane)) {
		const { top, bottom } = row.getBoundingClientRect();
		if (bottom <= 0 || top >= innerHeight) continue;
		const id = row.dataset['report'] ?? '';
		const weight = row.matches(':focus-within') ? 3 : row.matches(':hover') ? 2 : id === cursor ? 1 : 0;
		seen.push({ row, place: { id, top }, weight });
	}
	return seen.sort((a, b) => b.weight - a.weight).map((one) => one.place);
}

/** Scrolls by as much as the first of `before` that is still there has moved. */
export function settle(scroller: Element, pane: Element, before: readonly Place[]): void {
	const now = new Map([...rowsOf(pane)].map((row) => [row.dataset['report'] ?? '', row]));
	for (const { id, top } of before) {
		const row = now.get(id);
		if (!row) continue;
		const moved = row.getBoundingClientRect().top - top;
		if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
		return;
	}
}
