/** What people do. Each is safely on the phone when it resolves, and reaches the server by itself. */
import type { RatingIn, ReportPatch } from '#lib/api/types.ts';
import { database } from '#lib/data/db.ts';
import { enqueue } from '#lib/data/outbox.ts';
import * as reading from '#lib/data/reading.ts';
import * as revise from '#lib/data/revise.ts';
import { drainNow } from '#lib/data/running.ts';
import type { Draft, MoveInput } from '#lib/data/rows.ts';

/** A move that needs no composer: accept, confirm, dispute … With photos or a longer text: `Composer.move`. */
export async function moveReport(reportId: string, move: MoveInput): Promise<void> {
	await enqueue(await database(), {
		kind: 'move',
		reportId,
		payload: { ...move, device_created_at: new Date().toISOString() }
	});
}

/** How it went, in the eyes of who reported it (C9). */
export async function rateReport(reportId: string, rating: RatingIn): Promise<void> {
	await enqueue(await database(), {
		kind: 'rating',
		reportId,
		payload: { ...rating, device_created_at: new Date().toISOString() }
	});
}

/** The author corrects a report that nobody has accepted yet (R12). */
export async function editReport(reportId: string, patch: ReportPatch): Promise<void> {
	await enqueue(await database(), { kind: 'edit', reportId, payload: patch });
}

/**
 * The author takes a report back (R12). 'draft': it had never left the phone and is a draft again.
 * 'withdrawn': the server will be told.
 */
export async function withdrawReport(reportId: string): Promise<'draft' | 'withdrawn'> {
	if (await revise.takeBack(await database(), reportId)) return 'draft';
	await moveReport(reportId, { to: 'withdrawn' });
	return 'withdrawn';
}

/** The person has seen the thread up to `seq`. Call it as often as you like. */
export async function markRead(reportId: string, seq: number): Promise<void> {
	await reading.markRead(await database(), reportId, seq);
}

export async function markNotificationsRead(ids: readonly string[]): Promise<void> {
	await reading.markNotificationsRead(await database(), ids);
}

/** "Send now": whatever waits is tried at once, photos that wait for Wi-Fi included. */
export async function retryNow(): Promise<void> {
	await drainNow('person');
}

/**
 * Opens a refused entry for correction. A report comes back as a draft (go to its editor by `draft.id`), a message or
 * move as the text of its composer (`Composer.open(draft.reportId, …)`). Null: nothing to write again.
 */
export async function reviseRefused(entryId: string): Promise<Draft | null> {
	return revise.reviseRefused(await database(), entryId);
}

/** What `discardRefused` would lose: show it, then ask. */
export async function lossOf(entryId: string): Promise<revise.Loss> {
	return revise.lossOf(await database(), entryId);
}

export async function discardRefused(entryId: string): Promise<void> {
	await revise.discardRefused(await database(), entryId);
}
