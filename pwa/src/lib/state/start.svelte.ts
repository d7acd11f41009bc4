/** Setting everything going, and how fresh what is shown is. */
import { database, getMeta } from '#lib/data/db.ts';
import { pullNow, startRunning } from '#lib/data/running.ts';
import { listen } from '#lib/data/signal.ts';
import * as storage from '#lib/data/storage.ts';
import { Live } from './live.svelte.ts';
import { forgetUrls } from './pictures.ts';

/** Call once, in the outermost layout's `onMount`; its result ends everything. */
export function startApp(): () => void {
	const stopRunning = startRunning();
	const stopListening = listen((signal) => {
		if (signal.wiped || signal.changed?.includes('photos')) void tidyPictures();
	});
	return () => {
		stopRunning();
		stopListening();
	};
}

async function tidyPictures(): Promise<void> {
	const db = await database();
	await forgetUrls(new Set(await db.getAllKeys('photos')));
}

/** When this phone last heard everything from the server (ms since 1970; null = never): "updated 14:05". */
export const freshness = new Live<number | null>(
	['meta'],
	async (db) => (await getMeta(db, 'syncedAt')) ?? null
);

/** Asks the server now; for "pull to refresh" and the like. Never throws. */
export const refresh = pullNow;

/** O9 and O10. */
export const phone = {
	/** Ask after the person has made something: Firefox shows a question. */
	requestPersistence: storage.requestPersistence,
	storage: storage.storageState,
	photosWaitForWifi: new Live<boolean>(
		['meta'],
		async (db) => (await getMeta(db, 'photosWaitForWifi')) ?? false
	),
	setPhotosWaitForWifi: async (wait: boolean) => storage.setPhotosWaitForWifi(await database(), wait)
};
