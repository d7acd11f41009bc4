/** What departments do with a case among themselves, and a reporter who waits: all through the outbox. */
import type { HandoverIn, SplitIn } from '#lib/api/types.ts';
import { database } from '#lib/data/db.ts';
import { enqueue } from '#lib/data/outbox.ts';

const now = () => ({ device_created_at: new Date().toISOString() });

/** The reporter asks after a broken promise (W11). */
export async function nudge(reportId: string): Promise<void> {
	await enqueue(await database(), { kind: 'nudge', reportId, payload: now() });
}

/** Follows a neighbour's report no longer (R6). */
export async function leaveReport(reportId: string): Promise<void> {
	await enqueue(await database(), { kind: 'leave', reportId, payload: {} });
}

/** Another department is in charge from now on (W8). */
export async function handOver(reportId: string, wish: Omit<HandoverIn, 'device_created_at'>): Promise<void> {
	await enqueue(await database(), { kind: 'handover', reportId, payload: { ...wish, ...now() } });
}

/** Other departments have a part to do (W7). */
export async function splitReport(reportId: string, parts: SplitIn['parts']): Promise<void> {
	await enqueue(await database(), { kind: 'split', reportId, payload: { parts, ...now() } });
}

/** A department's part is done, in words. */
export async function closePart(reportId: string, departmentId: string, text: string): Promise<void> {
	await enqueue(await database(), {
		kind: 'part_done',
		reportId,
		payload: { department_id: departmentId, text, ...now() }
	});
}

/** What was asked for by an entry that the server refused: to begin its sheet with it again. */
export async function refusedPayload(entryId: string): Promise<unknown> {
	return (await (await database()).get('outbox', entryId))?.payload ?? null;
}
