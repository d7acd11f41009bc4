/**
 * Many moves at once, held back for a moment in which they can be taken back. Each is an entry of its own, with its own
 * id: one that is refused stops no other.
 */
import { writeStrict, type Db } from './db.ts';
import { addEntry, outboxStores } from './outbox.ts';
import type { MoveInput } from './rows.ts';
import { changed, queued } from './signal.ts';

/** So long nothing of it leaves the device, ms. */
export const heldMs = 10_000;
/** So many reports are moved at once, and no more: as the server's `MOST_MOVES`. */
export const mostMoves = 200;

export interface BulkStep {
	reportId: string;
	/** One after the other: "begun" before "solved". */
	moves: MoveInput[];
}

/** Thrown for more than `mostMoves` reports. */
export class TooManyMoves extends Error {
	constructor(count: number) {
		super(`${count} reports at once`);
		this.name = 'TooManyMoves';
	}
}

/** Queues all or nothing; resolves to the ids of the entries of each report. None is sent before `until`. */
export async function holdMoves(
	db: Db,
	steps: readonly BulkStep[],
	until: number
): Promise<Map<string, string[]>> {
	if (steps.length > mostMoves) throw new TooManyMoves(steps.length);
	const device_created_at = new Date().toISOString();
	const made = await writeStrict(db, [...outboxStores], async (tx) => {
		const ids = new Map<string, string[]>();
		for (const { reportId, moves } of steps) {
			const own: string[] = [];
			for (const move of moves) {
				const payload = { ...move, device_created_at };
				const entry = await addEntry(tx, { kind: 'move', reportId, payload });
				await tx.objectStore('outbox').put({ ...entry, nextAttemptAt: until });
				own.push(entry.id);
			}
			ids.set(reportId, own);
		}
		return ids;
	});
	queued();
	return made;
}

/** Takes back what has not left the device; resolves to the ids of entries that had. */
export async function takeBackMoves(db: Db, ids: readonly string[]): Promise<string[]> {
	const gone = await writeStrict(db, [...outboxStores], async (tx) => {
		const left: string[] = [];
		// Later steps of a report first: none stays behind without the one before it.
		for (const id of [...ids].reverse()) {
			const entry = await tx.objectStore('outbox').get(id);
			if (entry?.state === 'queued' && entry.attempts === 0) await tx.objectStore('outbox').delete(id);
			else left.push(id);
		}
		return left;
	});
	changed('outbox');
	return gone;
}

/** Moves that arrived are forgotten where no copy of their report is kept that could show them. */
export async function forgetSent(db: Db): Promise<void> {
	const done = (await db.getAll('outbox')).filter((entry) => entry.state === 'done' && entry.kind === 'move');
	if (done.length === 0) return;
	const kept = new Set([...(await db.getAllKeys('cases')), ...(await db.getAllKeys('reports'))]);
	const tx = db.transaction('outbox', 'readwrite');
	for (const entry of done) {
		if (!kept.has(entry.reportId ?? '')) await tx.store.delete(entry.id);
	}
	await tx.done;
}
