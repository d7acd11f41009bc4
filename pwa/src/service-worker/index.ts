import { self } from '$app/service-worker';
import { workInBackground } from '#lib/data/background.ts';
import type { ToWorker } from '#lib/worker-messages.ts';
import { answer, dropOldVersions, keep, precache, signedIn, signedOut } from './caching.ts';
import { touched } from './answering.ts';
import { renew, show } from './push.ts';
import { shareAddress, takeShare } from './share.ts';

self.addEventListener('install', (event) => {
	event.waitUntil(precache());
});

self.addEventListener('activate', (event) => {
	event.waitUntil(dropOldVersions().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
	const { request } = event;
	const url = new URL(request.url);
	if (url.origin !== self.location.origin) return;
	if (request.method === 'POST' && url.pathname === shareAddress) {
		event.respondWith(takeShare(request));
		return;
	}
	const response = request.method === 'GET' ? answer(request) : undefined;
	if (response) event.respondWith(response);
});

self.addEventListener('push', (event) => {
	// What the notice is about should be on the phone when it is opened. If the line is gone again, so be it.
	event.waitUntil(Promise.all([show(event.data), workInBackground().catch(() => undefined)]));
});

self.addEventListener('pushsubscriptionchange', (event) => {
	const { waitUntil } = event as ExtendableEvent;
	waitUntil.call(event, renew());
});

self.addEventListener('notificationclick', (event) => {
	event.waitUntil(touched(event.notification, event.action));
});

/** Background Sync, where the browser has it: TypeScript's library does not know the event. */
self.addEventListener('sync', (event) => {
	const { tag, waitUntil } = event as ExtendableEvent & { tag: string };
	if (tag === 'khupho-outbox') waitUntil.call(event, workInBackground());
});

self.addEventListener('message', (event) => {
	const message = event.data as ToWorker;
	switch (message.type) {
		case 'take-over':
			event.waitUntil(self.skipWaiting());
			break;
		case 'signed-in':
			event.waitUntil(signedIn(message.session));
			break;
		case 'signed-out':
			event.waitUntil(signedOut());
			break;
		case 'drain':
			event.waitUntil(workInBackground());
			break;
		case 'keep':
			event.waitUntil(keep(message.addresses));
			break;
	}
});
