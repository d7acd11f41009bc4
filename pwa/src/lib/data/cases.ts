/** Cases opened at a desk: fetched one by one, kept for reading without a network. */
import { api, Problem, type Client } from '#lib/api/client.ts';
import type { CaseOut } from '#lib/api/types.ts';
import { dropArrived } from './arrived.ts';
import type { Db } from './db.ts';
import { changed } from './signal.ts';

/** How many opened cases a phone keeps; the ones opened longest ago go first. */
const kept = 200;

/** Fetches a case with its thread and keeps it. Throws `Problem` or `Unreachable`. */
export async function fetchCase(db: Db, id: string, client: Client = api): Promise<CaseOut> {
	let found: CaseOut;
	try {
		found = await client.request('GET', `/api/reports/${id}`, {}, isCase);
	} catch (error) {
		if (error instanceof Problem && error.status === 404) await forgetSent(db, id);
		throw error;
	}
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

/** What was sent into a case that has gone elsewhere (a hand-over, the last word before it) will not be shown again. */
async function forgetSent(db: Db, id: string): Promise<void> {
	await dropArrived(db, new Set(await db.getAllKeysFromIndex('outbox', 'by_report', id)));
}

/** Fetches a kept case anew, if it is one. It leaves the phone when the person may no longer see it. */
export async function refreshCase(db: Db, id: string, client: Client = api): Promise<void> {
	if (!(await db.getKey('cases', id))) return;
	try {
		await fetchCase(db, id, client);
	} catch (error) {
		// Otherwise the copy stays, and the next opening fetches it.
		if (!(error instanceof Problem && error.status === 404)) return;
		await db.delete('cases', id);
		changed('cases');
	}
}

function isCase(answer: unknown): answer is CaseOut {
	return typeof answer === 'object' && answer !== null && 'report' in answer && 'messages' in answer;
}
