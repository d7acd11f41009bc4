/**
 * Many moves or hand-overs at once, held back for a moment in which they can be taken back. Each is an entry of its own, with its own
 * id: one that is refused stops no other.
 */
import { writeStrict, type Db } from './db.ts';
import { addEntry, outboxStores } from './outbox.ts';
import type { HandoverInput, MoveInput } from './rows.ts';
import { changed, queued } from './signal.ts';

/** So long nothing of it leaves the device, ms. */
export const heldMs = 10_000;
/** So many reports are moved at once, and no more: as the server's `MOST_MOVES`. */
export const mostMoves = 200;

export type HeldStep = { kind: 'move'; payload: MoveInput } | { kind: 'handover'; payload: HandoverInput };

export interface BulkStep {
	reportId: string;
	/** One after the other: "begun" before "solved". */
	steps: HeldStep[];
}

/** Thrown for more than `mostMoves` reports. */
export class TooManyMoves extends Error {
	constructor(count: number) {
		super(`${count} reports at once`);
		this.name = 'TooManyMoves';
	}
}

/** Queues all or nothing; resolves to the ids of the entries of each report. None is sent before `until`. */
export async function holdSteps(
	db: Db,
	all: readonly BulkStep[],
	until: number
): Promise<Map<string, string[]>> {
	if (all.length > mostMoves) throw new TooManyMoves(all.length);
	const device_created_at = new Date().toISOString();
	const made = await writeStrict(db, [...outboxStores], async (tx) => {
		const ids = new Map<string, string[]>();
		for (const { reportId, steps } of all) {
			const own: string[] = [];
			for (const { kind, payload } of steps) {
				const entry =
					kind === 'move'
						? await addEntry(tx, { kind, reportId, payload: { ...payload, device_created_at } })
						: await addEntry(tx, { kind, reportId, payload: { ...payload, device_created_at } });
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
export async function takeBackSteps(db: Db, ids: readonly string[]): Promise<string[]> {
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

/** Steps that arrived are forgotten where no copy of their report is kept that could show them. */
export async function forgetSent(db: Db): Promise<void> {
	const done = (await db.getAll('outbox')).filter(
		(entry) => entry.state === 'done' && (entry.kind === 'move' || entry.kind === 'handover')
	);
	if (done.length === 0) return;
	const kept = new Set([...(await db.getAllKeys('cases')), ...(await db.getAllKeys('reports'))]);
	const tx = db.transaction('outbox', 'readwrite');
	for (const entry of done) {
		if (!kept.has(entry.reportId ?? '')) await tx.store.delete(entry.id);
	}
	await tx.done;
}
