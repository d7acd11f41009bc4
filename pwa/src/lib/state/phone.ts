/** This phone's room and line (O9, O10). */
import { database, getMeta } from '#lib/data/db.ts';
import * as storage from '#lib/data/storage.ts';
import { Live } from './live.svelte.ts';

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
