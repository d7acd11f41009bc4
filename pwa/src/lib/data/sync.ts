/** Pulls what is new into the replica: by cursor, page by page, each page in one transaction with its cursor. */
import { Problem, type Client } from '#lib/api/client.ts';
import type { SyncOut, SyncUpserts } from '#lib/api/types.ts';
import { dropArrived } from './arrived.ts';
import { refreshCase } from './cases.ts';
import { replicaStores, setMeta, type Db, type Store } from './db.ts';
import { signedOut } from './signed-out.ts';
import { inTurn, type Locks } from './locks.ts';
import { changed } from './signal.ts';

export interface SyncParts {
	db: Db;
	client: Client;
	locks: Locks;
	now: () => number;
}

/** Where each kind of the feed is kept. */
const storeOf = {
	me: 'account',
	area: 'areas',
	category: 'categories',
	department: 'departments',
	report: 'reports',
	message: 'messages',
	notification: 'notifications',
	crisis: 'crises'
} as const satisfies Record<keyof SyncUpserts, Store>;
type FeedKind = keyof typeof storeOf;
const kinds = Object.keys(storeOf) as FeedKind[];

const changedStores: Store[] = [...replicaStores, 'meta'];

/**
 * Brings the replica up to date. Throws `Problem` or `Unreachable`; what has come so far stays, and the next pull goes
 * on from there. Two at the same time wait for each other.
 */
export async function pull(parts: SyncParts): Promise<void> {
	await inTurn(parts.locks, 'khupho-sync', async () => {
		const arrived = new Set<string>();
		const touched = new Set<Store>(['meta']);
		const left = new Set<string>();
		try {
			for (let more = true; more;) more = await pullPage(parts, arrived, touched, left);
			// A desk is told of every change in its department, and keeps no replica of it.
			for (const id of left) await refreshCase(parts.db, id, parts.client);
		} catch (error) {
			if (error instanceof Problem && error.status === 401) await signedOut(parts.db);
			throw error;
		} finally {
			await dropArrived(parts.db, arrived);
			changed(...touched);
		}
	});
}

/** One page; resolves to whether there is another. */
async function pullPage(
	parts: SyncParts,
	arrived: Set<string>,
	touched: Set<Store>,
	left: Set<string>
): Promise<boolean> {
	const before = parts.db.transaction('meta').store;
	const [cursor, paused] = await Promise.all([before.get('cursor'), before.get('paused')]);
	const query = cursor ? `?cursor=${encodeURIComponent(String(cursor))}` : '';
	let page: SyncOut;
	try {
		page = await parts.client.request('GET', `/api/sync${query}`, {}, isSyncOut);
	} catch (error) {
		// From another database, or damaged: from the beginning. Without a cursor it cannot be the cursor.
		if (!(error instanceof Problem && error.code === 'bad_cursor' && cursor)) throw error;
		await setMeta(parts.db, 'cursor', null);
		return true;
	}
	// It answers us again, whatever it said before.
	await applyPage(parts, page, paused !== undefined);
	for (const id of page.removals.report ?? []) left.add(id);
	for (const kind of kinds) {
		for (const row of page.upserts[kind] ?? []) arrived.add(row.id);
		if (page.reset || page.upserts[kind] || page.removals[kind]) touched.add(storeOf[kind]);
	}
	return page.more;
}

async function applyPage(parts: SyncParts, page: SyncOut, paused: boolean): Promise<void> {
	// Mostly nothing is new: then what others read meanwhile is not locked.
	const stores = saysNothing(page) ? (['meta'] as const) : changedStores;
	const tx = parts.db.transaction([...stores], 'readwrite');
	const store = <S extends Store>(name: S) => tx.objectStore(name);
	if (page.reset) {
		// Who is signed in stays known: the new copy replaces it.
		for (const name of replicaStores) if (name !== 'account') await store(name).clear();
	}
	for (const kind of kinds) {
		for (const row of page.upserts[kind] ?? []) {
			if (kind === 'me') await store('account').put(row as never, 'me');
			else await store(storeOf[kind]).put(row as never);
		}
		for (const id of page.removals[kind] ?? []) {
			if (kind === 'me') continue;
			await store(storeOf[kind]).delete(id);
			if (kind !== 'report') continue;
			// What left this person's replica leaves the phone, with its thread.
			for (const key of await store('messages').index('by_report').getAllKeys(id)) {
				await store('messages').delete(key);
			}
		}
	}
	await store('meta').put(page.cursor, 'cursor');
	if (!page.more) await store('meta').put(parts.now(), 'syncedAt');
	if (paused && !page.more) await store('meta').delete('paused');
	await tx.done;
}

function saysNothing({ reset, upserts, removals }: SyncOut): boolean {
	return !reset && kinds.every((kind) => !upserts[kind]?.length && !removals[kind]?.length);
}

function isSyncOut(answer: unknown): answer is SyncOut {
	return (
		typeof answer === 'object' &&
		answer !== null &&
		'cursor' in answer &&
		typeof answer.cursor === 'string' &&
		'upserts' in answer &&
		'removals' in answer
	);
}
