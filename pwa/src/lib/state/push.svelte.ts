/** Being told while the app is closed (N1): the person's yes, and this device's subscription. */
import { database, getMeta, setMeta } from '#lib/data/db.ts';
import { endSubscription, keepSubscribed } from '#lib/data/push.ts';
import { changed } from '#lib/data/signal.ts';
import { Live } from './live.svelte.ts';
import { getConfig } from './entrance.ts';

/** `unsupported`: this browser cannot, or on an iPhone: not before the app is installed. */
export type PushPermission = NotificationPermission | 'unsupported';

let permission = $state<PushPermission>(presentPermission());

function presentPermission(): PushPermission {
	const able = 'Notification' in globalThis && 'PushManager' in globalThis && 'serviceWorker' in navigator;
	return able ? Notification.permission : 'unsupported';
}

interface PushView {
	/** The person said "not now" when it was offered. */
	declined: boolean;
	/** This device has been told to the server (or will be, by the outbox). */
	active: boolean;
}

const live = new Live<PushView>(['meta'], async (db) => ({
	declined: (await getMeta(db, 'pushDeclined')) ?? false,
	active: (await getMeta(db, 'pushSubscription')) !== undefined
}));

export const push = {
	get permission(): PushPermission {
		return permission;
	},
	get active(): boolean {
		return live.current?.active ?? false;
	},
	/** The browser would ask, and the person has not said "not now". */
	get offered(): boolean {
		return permission === 'default' && live.current?.declined === false;
	},
	/** Lets the browser ask and, on a yes, subscribes. Call it from a touch. True: this device will be told. */
	async ask(): Promise<boolean> {
		permission = await Notification.requestPermission();
		await setMeta(await database(), 'pushDeclined', null);
		changed('meta');
		if (permission === 'granted') await renewPush();
		return permission === 'granted';
	},
	/** "Not now": it stays possible under Me. */
	async decline(): Promise<void> {
		await setMeta(await database(), 'pushDeclined', true);
		changed('meta');
	},
	/** No more on this device. */
	async stop(): Promise<void> {
		const db = await database();
		await setMeta(db, 'pushDeclined', true);
		await endSubscription(db, (await navigator.serviceWorker?.getRegistration())?.pushManager);
	}
};

/** At start, after signing in, after a yes: see `keepSubscribed`. Never throws; the next start tries again. */
export async function renewPush(): Promise<void> {
	permission = presentPermission();
	if (permission !== 'granted') return;
	const db = await database();
	const me = await db.get('account', 'me');
	const stopped = (await getMeta(db, 'pushDeclined')) && !(await getMeta(db, 'pushSubscription'));
	const config = !me || stopped ? null : await getConfig();
	if (!me || !config) return;
	try {
		const { pushManager } = await navigator.serviceWorker.ready;
		await keepSubscribed(db, pushManager, config.push_key, me.language);
	} catch {
		// The browser's push service cannot be reached (or is blocked): the in-app inbox has everything, too.
	}
}
