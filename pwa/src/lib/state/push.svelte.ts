/** Being told while the app is closed (N1, N4): this browser's push subscription, kept known to the server. */
import { i18n } from '#lib/i18n/index.ts';
import { database, getMeta, setMeta } from '#lib/data/db.ts';
import { enqueue } from '#lib/data/outbox.ts';
import { changed } from '#lib/data/signal.ts';
import { Live } from './live.svelte.ts';
import { getConfig } from './session.svelte.ts';

let permission = $state<NotificationPermission | 'unsupported'>(current());

function current(): NotificationPermission | 'unsupported' {
	if (!('Notification' in globalThis) || !('PushManager' in globalThis) || !navigator.serviceWorker) {
		return 'unsupported';
	}
	return Notification.permission;
}

const declined = new Live<boolean>(['meta'], async (db) => (await getMeta(db, 'pushDeclined')) ?? false);

export const push = {
	/** `unsupported` also on an iPhone whose app is not installed. */
	get permission(): NotificationPermission | 'unsupported' {
		return permission;
	},
	/** May be offered now: the browser would ask, and the person has not said "not now". */
	get offered(): boolean {
		return permission === 'default' && declined.current === false;
	},
	/** Asks the person and, on a yes, subscribes. Call it from a touch. True: they will be told. */
	async ask(): Promise<boolean> {
		permission = await Notification.requestPermission();
		if (permission === 'granted') await renewPush();
		return permission === 'granted';
	},
	/** "Not now": it stays possible under Me. */
	async decline(): Promise<void> {
		await setMeta(await database(), 'pushDeclined', true);
		changed('meta');
	},
	/** Stops it on this device. */
	async stop(): Promise<void> {
		const db = await database();
		const registration = await navigator.serviceWorker?.getRegistration();
		const subscription = await registration?.pushManager?.getSubscription();
		await subscription?.unsubscribe();
		const known = await getMeta(db, 'pushSubscription');
		if (!known) return;
		await enqueue(db, { kind: 'push_unsubscription', id: known.id, payload: {} });
		await setMeta(db, 'pushSubscription', null);
		changed('meta');
	},
	/** This device is known to the server as one to be told. */
	active: new Live<boolean>(['meta'], async (db) => (await getMeta(db, 'pushSubscription')) !== undefined)
};

/**
 * Makes sure that a browser which may be told has a subscription under the server's present key, and that the server
 * knows it, in the present language. At start, after a yes, and when the language changes; does nothing without a yes.
 */
export async function renewPush(): Promise<void> {
	permission = current();
	if (permission !== 'granted') return;
	const db = await database();
	const me = await db.get('account', 'me');
	const key = (await getConfig())?.push_key;
	if (!me || !key) return;
	const { pushManager } = await navigator.serviceWorker.ready;
	const subscription = await subscribe(pushManager, decode(key));
	const { endpoint, keys } = subscription.toJSON();
	if (!endpoint || !keys?.['p256dh'] || !keys['auth']) return;
	const known = await getMeta(db, 'pushSubscription');
	const same = known?.endpoint === endpoint && known.account === me.id && known.language === i18n.language;
	if (same) return;
	// One id for each endpoint and person, for ever; a change of language is a new word under a new id.
	const id = crypto.randomUUID();
	await enqueue(db, {
		kind: 'push_subscription',
		id,
		payload: { endpoint, p256dh: keys['p256dh'], auth: keys['auth'], language: i18n.language }
	});
	await setMeta(db, 'pushSubscription', { id, endpoint, account: me.id, language: i18n.language });
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
