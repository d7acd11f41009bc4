/** The phone's database: opened once, migrated in steps, and honest when it is full. */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames, unwrap } from 'idb';
import type { MeOut } from '#lib/api/types.ts';
import type { CaseRow, Draft, Meta, OutboxEntry, PhotoRow, Replica, SetAsideRow, UploadRow } from './rows.ts';

export interface KhuPhoSchema extends DBSchema {
	meta: { key: keyof Meta; value: Meta[keyof Meta] };
	/** One row under 'me'. */
	account: { key: string; value: MeOut };
	areas: { key: string; value: Replica['areas'] };
	categories: { key: string; value: Replica['categories'] };
	departments: { key: string; value: Replica['departments'] };
	reports: { key: string; value: Replica['reports'] };
	messages: { key: string; value: Replica['messages']; indexes: { by_report: string } };
	notifications: { key: string; value: Replica['notifications'] };
	crises: { key: string; value: Replica['crises'] };
	cases: { key: string; value: CaseRow };
	outbox: { key: string; value: OutboxEntry; indexes: { by_order: number; by_report: string } };
	photos: { key: string; value: PhotoRow };
	uploads: { key: string; value: UploadRow };
	drafts: { key: string; value: Draft };
	set_aside: { key: string; value: SetAsideRow };
}

export type Store = StoreNames<KhuPhoSchema>;
export type Db = IDBPDatabase<KhuPhoSchema>;
export type WriteTx<S extends Store = Store> = IDBPTransaction<KhuPhoSchema, S[], 'readwrite'>;
export type UpgradeTx = IDBPTransaction<KhuPhoSchema, Store[], 'versionchange'>;

/** Copies of what the server knows: may be dropped and pulled again at any time. */
export const replicaStores = [
	'account',
	'areas',
	'categories',
	'departments',
	'reports',
	'messages',
	'notifications',
	'crises'
] as const satisfies Store[];

/**
 * Step n brings version n to n + 1. A step may drop and rebuild replica stores (and must then delete the cursor);
 * outbox, uploads, photos, drafts and set_aside are the only copy of what a person made and are carried over row by row.
 */
export type MigrationStep = (db: Db, tx: UpgradeTx) => void | Promise<void>;

export const steps: readonly MigrationStep[] = [
	function ground(db) {
		db.createObjectStore('meta');
		db.createObjectStore('account');
		for (const name of ['areas', 'categories', 'departments', 'reports', 'notifications'] as const) {
			db.createObjectStore(name, { keyPath: 'id' });
		}
		db.createObjectStore('messages', { keyPath: 'id' }).createIndex('by_report', 'report_id');
		db.createObjectStore('cases', { keyPath: 'id' });
		const outbox = db.createObjectStore('outbox', { keyPath: 'id' });
		outbox.createIndex('by_order', 'order');
		outbox.createIndex('by_report', 'reportId');
		db.createObjectStore('photos', { keyPath: 'id' });
		db.createObjectStore('uploads', { keyPath: 'photoId' });
		db.createObjectStore('drafts', { keyPath: 'id' });
		db.createObjectStore('set_aside', { keyPath: 'accountId' });
	},
	async function crises(db, tx) {
		db.createObjectStore('crises', { keyPath: 'id' });
		// One that is declared already came by while nobody here knew what it was.
		await tx.objectStore('meta').delete('cursor');
	}
];

/** The phone has no room left for this. Nothing was written; what was typed is still on the screen. */
export class StorageFull extends Error {
	constructor(cause?: unknown) {
		super('no room left on this device', { cause });
		this.name = 'StorageFull';
	}
}

/** A newer version of the app has already changed the database: this page has to be loaded again. */
export class AppOutdated extends Error {
	constructor(cause?: unknown) {
		super('the database belongs to a newer version of the app', { cause });
		this.name = 'AppOutdated';
	}
}

export interface OpenOptions {
	steps?: readonly MigrationStep[];
	/** The connection is gone (a newer version wants in, or the browser closed it). */
	onLost?: () => void;
}

/** Opens and, where needed, migrates. Throws `AppOutdated` or `StorageFull`. */
export async function openDatabase(name: string, options: OpenOptions = {}): Promise<Db> {
	const all = options.steps ?? steps;
	const opened = openDB<KhuPhoSchema>(name, all.length, {
		async upgrade(db, from, _to, tx) {
			for (const step of all.slice(from)) await step(db, tx);
		},
		blocking(_current, _wanted, event) {
			// Another tab brings a newer version: step aside at once, or it waits for us for ever.
			(event.target as IDBDatabase).close();
			options.onLost?.();
		},
		terminated() {
			options.onLost?.();
		}
	});
	return opened.then(
		(db) => {
			stepAsideWhenPutAside(db, options.onLost);
			return db;
		},
		(error: unknown) => {
			if (error instanceof DOMException && error.name === 'VersionError') throw new AppOutdated(error);
			throw asStorageFull(error);
		}
	);
}

/**
 * A page that the browser keeps for "back" is frozen with its transactions half done; in WebKit every other page then
 * waits for them for ever. So they end and the connection closes; whoever comes back opens a new one.
 */
function stepAsideWhenPutAside(db: Db, onLost?: () => void): void {
	const raw = unwrap(db);
	const unfinished = new Set<IDBTransaction>();
	raw.transaction = (...given) => {
		const tx = IDBDatabase.prototype.transaction.apply(raw, given);
		unfinished.add(tx);
		for (const end of ['complete', 'abort']) tx.addEventListener(end, () => unfinished.delete(tx));
		return tx;
	};
	const leave = (event: Event) => {
		if (!(event as Event & { persisted?: boolean }).persisted) return;
		globalThis.removeEventListener?.('pagehide', leave);
		for (const tx of unfinished) {
			try {
				tx.abort();
			} catch {
				// It has just ended by itself.
			}
		}
		raw.close();
		onLost?.();
	};
	globalThis.addEventListener?.('pagehide', leave);
}

let shared: Promise<Db> | null = null;

/** The one connection of this page or worker. */
export function database(): Promise<Db> {
	shared ??= openDatabase('khupho', { onLost: () => (shared = null) }).catch((error: unknown) => {
		shared = null;
		throw error;
	});
	return shared;
}

/**
 * Runs `work` in one transaction that is on the disk when this resolves (`durability: strict`): all of it, or nothing.
 * Throws `StorageFull` when the phone is.
 */
export async function writeStrict<S extends Store, T>(
	db: Db,
	stores: S[],
	work: (tx: WriteTx<S>) => Promise<T>
): Promise<T> {
	const tx = db.transaction(stores, 'readwrite', { durability: 'strict' });
	// A failure shows at the request or only at the commit; the commit's must not go unhandled meanwhile.
	const committed = tx.done.then(
		() => null,
		(error: unknown) => ({ error })
	);
	try {
		const result = await work(tx);
		const failure = await committed;
		if (failure) throw failure.error;
		return result;
	} catch (error) {
		try {
			tx.abort();
		} catch {
			// It has already ended by itself.
		}
		await committed;
		throw asStorageFull(error);
	}
}

function asStorageFull(error: unknown): unknown {
	return error instanceof DOMException && error.name === 'QuotaExceededError'
		? new StorageFull(error)
		: error;
}

/** One value of the `meta` store. */
export async function getMeta<K extends keyof Meta>(db: Db, key: K): Promise<Meta[K] | undefined> {
	return (await db.get('meta', key)) as Meta[K] | undefined;
}

/** Sets one value of the `meta` store; `null` removes it. */
export async function setMeta<K extends keyof Meta>(db: Db, key: K, value: Meta[K] | null): Promise<void> {
	if (value === null) await db.delete('meta', key);
	else await db.put('meta', value, key);
}
