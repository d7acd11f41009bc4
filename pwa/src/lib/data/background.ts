/** What the service worker does when it is woken (Background Sync, a push, a page's word): send, then look. */
import { speak } from '#lib/api/client.ts';
import { endSession } from './account.ts';
import { showBadge } from './badge.ts';
import { getMeta } from './db.ts';
import { drain } from './drain.ts';
import { liveParts } from './parts.ts';
import { pull } from './sync.ts';

/** What is held back no longer than this is waited for: no page may be open when its time comes. */
const worthWaitingMs = 15_000;

/**
 * Drains the outbox and pulls what is new. For `event.waitUntil`. Rejects when something is still waiting for a line,
 * so that Background Sync calls again.
 */
export async function workInBackground(): Promise<void> {
	const parts = await liveParts();
	await endSession(parts.db);
	const me = await parts.db.get('account', 'me');
	if (!me) return;
	speak(me.language);
	let result = await drain(parts, { source: 'worker' });
	const wait = result.nextAt === null ? Infinity : result.nextAt - Date.now();
	if (result.outcome === 'idle' && wait <= worthWaitingMs) {
		await new Promise((passed) => setTimeout(passed, wait));
		result = await drain(parts, { source: 'timer' });
	}
	const known = (await parts.db.get('account', 'me'))?.session_id;
	if (known && !(await getMeta(parts.db, 'paused'))) await pull(parts);
	await showBadge(parts.db);
	if (result.outcome === 'offline') throw new Error('the server is out of reach');
}
