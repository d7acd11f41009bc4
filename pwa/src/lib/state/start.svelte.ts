/** Setting everything going, and how fresh what is shown is. */
import { showBadge } from '#lib/data/badge.ts';
import { database } from '#lib/data/db.ts';
import { drainNow, pullNow, startRunning } from '#lib/data/running.ts';
import { listen } from '#lib/data/signal.ts';
import { tellWorker } from '#lib/worker-messages.ts';
import { forgetAllUrls, forgetUrls } from './pictures.ts';

/** Call once, in the outermost layout's `onMount`; its result ends everything. */
export function startApp(): () => void {
	const stopRunning = startRunning();
	const stopListening = listen((signal) => {
		if (signal.changed?.includes('photos')) void tidyPictures();
		if (signal.signedIn) void introduce();
		if (signal.wiped || signal.changed?.includes('account')) void keepPush();
		if (signal.wiped || signal.changed?.some((store) => store === 'notifications' || store === 'outbox')) {
			void database().then(showBadge);
		}
		if (signal.wiped) {
			void tidyPictures().then(forgetAllUrls);
			void tellWorker({ type: 'signed-out' });
		}
	});
	void introduce();
	void keepPush();
	// For a report from a dead spot; nothing on the first screen waits for it.
	const later = setTimeout(() => void learn(), learnAfterMs);
	void database().then(showBadge);
	return () => {
		stopRunning();
		stopListening();
		clearTimeout(later);
	};
}

const learnAfterMs = 15_000;

async function learn(): Promise<void> {
	const { suggestions } = await import('./suggestions.svelte.ts');
	await suggestions.refresh();
}

/** Only who has said yes to notifications needs what looks after them. */
async function keepPush(): Promise<void> {
	if (!('Notification' in globalThis) || Notification.permission !== 'granted') return;
	const { renewPush } = await import('./push.svelte.ts');
	await renewPush();
}

/** The worker keeps pictures for the person who is signed in, and for nobody else. */
async function introduce(): Promise<void> {
	const me = await (await database()).get('account', 'me');
	if (me?.session_id) await tellWorker({ type: 'signed-in', session: me.session_id });
}

async function tidyPictures(): Promise<void> {
	const db = await database();
	await forgetUrls(new Set(await db.getAllKeys('photos')));
}

/** Asks the server now, then sends what waits; for "pull to refresh" and the like. Never throws. */
export async function refresh(): Promise<void> {
	await pullNow(true);
	void drainNow('visible');
}
