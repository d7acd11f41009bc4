/** What the service worker does when it is woken (Background Sync, a push, a page's word): send, then look. */
import { speak } from '#lib/api/client.ts';
import type { ConfigOut } from '#lib/api/types.ts';
import { endSession } from './account.ts';
import { showBadge } from './badge.ts';
import { getMeta } from './db.ts';
import { drain } from './drain.ts';
import { liveParts } from './parts.ts';
import { keepSubscribed } from './push.ts';
import { pull } from './sync.ts';

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
	const result = await drain(parts, { source: 'worker' });
	if (!(await getMeta(parts.db, 'paused'))) await pull(parts);
	await showBadge(parts.db);
	if (result.outcome === 'offline') throw new Error('the server is out of reach');
}

/** `pushsubscriptionchange`: the browser gave up the old subscription; a new one takes its place (N4). */
export async function renewSubscription(manager: PushManager): Promise<void> {
	const { db } = await liveParts();
	const known = await getMeta(db, 'pushSubscription');
	const config = (await getMeta(db, 'config')) as ConfigOut | undefined;
	if (!known || !config) return;
	await keepSubscribed(db, manager, config.push_key, known.language);
	await workInBackground();
}
