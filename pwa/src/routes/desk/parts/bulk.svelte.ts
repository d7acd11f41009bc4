import {
	handOverMany,
	heldMs,
	moveMany,
	previewHandovers,
	previewMoves,
	undoMoves,
	type BulkItem,
	type ReportState,
	type ReportView
} from '#lib/state/index.ts';

/** The moves that may be made with many reports. Joining needs a look at each. */
export const bulkSteps = ['accepted', 'in_progress', 'resolved', 'rejected'] as const satisfies ReportState[];
export type BulkStep = (typeof bulkSteps)[number];

export interface Run {
	to: BulkStep | 'handed';
	/** Entries of the outbox by report. */
	entries: ReadonlyMap<string, string[]>;
	/** Chosen, but not possible. */
	left: readonly BulkItem[];
	codes: ReadonlyMap<string, string>;
	/** Until then it can be taken back, ms since 1970. */
	until: number;
	/** How many had left the device when it was taken back; null: it was not. */
	tooLate: number | null;
}

/** A step with many reports: looked at, held back, sent; one at a time stands on the screen. */
export class Bulk {
	/** Waits for words: what was done, or why not. */
	asking = $state.raw<{ to: BulkStep; items: BulkItem[] } | null>(null);
	/** Wait for a department and a reason. `items`: what it would meet, once a department is chosen. */
	handing = $state.raw<{ rows: readonly ReportView[]; items: BulkItem[] | null } | null>(null);
	run = $state.raw<Run | null>(null);
	busy = $state(false);
	error = $state.raw<unknown>(null);

	/** Begins a step; what needs words opens the sheet, the rest is queued at once. */
	async begin(to: BulkStep, rows: readonly ReportView[]): Promise<boolean> {
		if (this.busy || rows.length === 0) return false;
		this.busy = true;
		this.error = null;
		try {
			const items = await previewMoves(rows, to);
			if (to === 'resolved' || to === 'rejected') {
				this.asking = { to, items };
				return false;
			}
			await this.#hold(to, items, '');
			return true;
		} catch (error) {
			this.error = error;
			return false;
		} finally {
			this.busy = false;
		}
	}

	/** A department has been chosen for those that wait. */
	async look(departmentId: string): Promise<void> {
		const { handing } = this;
		if (!handing) return;
		const asked = (this.handing = { ...handing, items: null });
		const items = await previewHandovers(handing.rows, departmentId);
		// Another department may have been chosen meanwhile.
		if (this.handing === asked) this.handing = { ...asked, items };
	}

	/** The department and the reason are there. */
	async handOver(departmentId: string, reason: string): Promise<void> {
		const items = this.handing?.items;
		if (!items) return;
		const wish = { department_id: departmentId, reason };
		await this.#keep('handed', items, (possible, until) => handOverMany(possible, wish, until));
		this.handing = null;
	}

	/** The words are there. */
	async go(words: string): Promise<void> {
		const { asking } = this;
		if (!asking) return;
		await this.#hold(asking.to, asking.items, words);
		this.asking = null;
	}

	async undo(): Promise<void> {
		const { run } = this;
		if (!run || run.tooLate !== null) return;
		const gone = new Set(await undoMoves([...run.entries.values()].flat()));
		const tooLate = [...run.entries.values()].filter((ids) => ids.some((id) => gone.has(id))).length;
		this.run = { ...run, tooLate };
	}

	dismiss(): void {
		this.run = null;
		this.error = null;
	}

	async #hold(to: BulkStep, items: readonly BulkItem[], words: string): Promise<void> {
		const move = {
			to,
			...(to === 'resolved' && { text: words }),
			...(to === 'rejected' && { reason: words })
		};
		await this.#keep(to, items, (possible, until) => moveMany(possible, move, until));
	}

	async #keep(
		to: Run['to'],
		items: readonly BulkItem[],
		queue: (possible: BulkItem[], until: number) => Promise<Map<string, string[]>>
	): Promise<void> {
		const until = Date.now() + heldMs;
		this.run = {
			to,
			entries: await queue(items.filter(canMove), until),
			left: items.filter((item) => !canMove(item)),
			codes: new Map(items.map((item) => [item.report_id, item.code])),
			until,
			tooLate: null
		};
	}
}

/** A picture of each result is no matter of many at once. */
export function canMove(item: BulkItem): boolean {
	return item.possible && !item.needs_photo;
}
