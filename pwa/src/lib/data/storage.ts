/** Keeping the browser from throwing away what is not sent yet (O9), and the data saver (O10). */
import { getMeta, setMeta, type Db } from './db.ts';
import { changed } from './signal.ts';

/** Less than this left: time to say so. Five original photos would just fit. */
const shortBytes = 150 * 1024 * 1024;

export interface StorageState {
	/** The browser has promised not to evict this app's data. */
	persisted: boolean;
	/** Bytes left for this app; null where the browser does not tell. */
	free: number | null;
	short: boolean;
}

/** Asks the browser to keep our data. Firefox asks the person, so call it after they have made something. */
export async function requestPersistence(): Promise<boolean> {
	if (!navigator.storage?.persist) return false;
	return (await navigator.storage.persisted()) || (await navigator.storage.persist());
}

export async function storageState(): Promise<StorageState> {
	const persisted = (await navigator.storage?.persisted?.()) ?? false;
	const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
	const free = quota === undefined || usage === undefined ? null : Math.max(0, quota - usage);
	return { persisted, free, short: free !== null && free < shortBytes };
}

/** What browsers tell about the line, where they do (Chromium only). */
interface Connection {
	type?: string;
	saveData?: boolean;
}

/**
 * May photos go now? Always, unless the person has chosen "photos wait for Wi-Fi". Where the browser does not tell
 * what line it is on (Safari, Firefox), they then wait for "send now".
 */
export async function photosAllowed(db: Db): Promise<boolean> {
	if (!(await getMeta(db, 'photosWaitForWifi'))) return true;
	const connection = (navigator as Navigator & { connection?: Connection }).connection;
	if (!connection || connection.saveData) return false;
	return connection.type !== 'cellular';
}

export async function setPhotosWaitForWifi(db: Db, wait: boolean): Promise<void> {
	await setMeta(db, 'photosWaitForWifi', wait || null);
	changed('meta');
}
