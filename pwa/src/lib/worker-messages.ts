/** What a page tells the service worker. */
export type ToWorker =
	| { type: 'take-over' }
	/** Someone is signed in: `session` tells people on one device apart, and is no secret. */
	| { type: 'signed-in'; session: string }
	| { type: 'signed-out' }
	/** Files of this build that the page already uses, to be there without a network, too. */
	| { type: 'keep'; addresses: string[] }
	| { type: 'drain' };

/** What the service worker tells an open page: a notification was touched. */
export interface FromWorker {
	type: 'open';
	url: string;
}

/** Hands `message` to the worker once there is one; without service workers it goes nowhere. */
export async function tellWorker(message: ToWorker): Promise<void> {
	if (!('serviceWorker' in navigator)) return;
	const registration = await navigator.serviceWorker.ready;
	registration.active?.postMessage(message);
}
