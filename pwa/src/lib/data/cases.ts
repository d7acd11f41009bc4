/** Cases opened at a desk: fetched one by one, kept for reading without a network. */
import { api } from '#lib/api/client.ts';
import type { CaseOut } from '#lib/api/types.ts';
import type { Db } from './db.ts';
import { dropArrived } from './outbox.ts';
import { changed } from './signal.ts';

/** How many opened cases a phone keeps; the ones opened longest ago go first. */
const kept = 200;

/** Fetches a case with its thread and keeps it. Throws `Problem` or `Unreachable`. */
export async function fetchCase(db: Db, id: string): Promise<CaseOut> {
	const found = await api.request('GET', `/api/reports/${id}`, {}, isCase);
	const tx = db.transaction('cases', 'readwrite');
	await tx.store.put({ id, ...found, fetchedAt: Date.now() });
	const all = await tx.store.getAll();
	all.sort((a, b) => b.fetchedAt - a.fetchedAt);
	for (const old of all.slice(kept)) await tx.store.delete(old.id);
	await tx.done;
	await dropArrived(db, new Set([id, ...found.messages.map((message) => message.id)]));
	changed('cases');
	return found;
}

/** Fetches a kept case anew, if it is one; a failure leaves the copy as it is. */
export async function refreshCase(db: Db, id: string): Promise<void> {
	if (!(await db.getKey('cases', id))) return;
	try {
		await fetchCase(db, id);
	} catch {
		// The next opening fetches it.
	}
}

function isCase(answer: unknown): answer is CaseOut {
	return typeof answer === 'object' && answer !== null && 'report' in answer && 'messages' in answer;
}
