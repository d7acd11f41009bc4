/** This browser's push subscription, kept known to the server (N1, N4). */
import type { Language } from '#lib/api/types.ts';
import { getMeta, setMeta, type Db } from './db.ts';
import { enqueue } from './outbox.ts';
import { changed } from './signal.ts';

/**
 * Makes sure that this browser has a subscription under the server's key (base64url) and that the server knows it for
 * this sign-in, in this language. Needs the person's permission; rejects as `PushManager.subscribe` does. Does nothing
 * when nobody is signed in or all is as it should be.
 */
export async function keepSubscribed(
	db: Db,
	manager: PushManager,
	serverKey: string,
	language: Language
): Promise<void> {
	const me = await db.get('account', 'me');
	if (!me) return;
	const subscription = await subscribe(manager, decode(serverKey));
	const { endpoint, keys } = subscription.toJSON();
	if (!endpoint || !keys?.['p256dh'] || !keys['auth']) return;
	const known = await getMeta(db, 'pushSubscription');
	if (known?.endpoint === endpoint && known.session === me.session_id && known.language === language) return;
	const payload = { endpoint, p256dh: keys['p256dh'], auth: keys['auth'], language };
	// Under a new id: the server keeps one subscription a device, the last one told.
	const { id } = await enqueue(db, { kind: 'push_subscription', payload });
	await setMeta(db, 'pushSubscription', { id, endpoint, session: me.session_id, language });
	changed('meta');
}

/** Ends it here and on the server. */
export async function endSubscription(db: Db, manager: PushManager | undefined): Promise<void> {
	await (await manager?.getSubscription())?.unsubscribe();
	const known = await getMeta(db, 'pushSubscription');
	if (!known) return;
	await enqueue(db, { kind: 'push_unsubscription', payload: { id: known.id } });
	await setMeta(db, 'pushSubscription', null);
	changed('meta');
}

/** The subscription under this key: the present one, or a new one when the server's key has changed. */
async function subscribe(manager: PushManager, key: Uint8Array<ArrayBuffer>): Promise<PushSubscription> {
	const present = await manager.getSubscription();
	const used = present?.options.applicationServerKey;
	if (present && (!used || same(new Uint8Array(used), key))) return present;
	await present?.unsubscribe();
	return manager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

function same(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** base64url without padding (RFC 4648 §5). */
function decode(text: string): Uint8Array<ArrayBuffer> {
	const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
	return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}
