/** Whose phone this is: signing in, signing out, and what becomes of what is stored. */
import { api, Problem, Unreachable } from '#lib/api/client.ts';
import type { MeOut, SessionIn } from '#lib/api/types.ts';
import { getMeta, replicaStores, setMeta, writeStrict, type Db, type Store } from './db.ts';
import { allEntries } from './outbox.ts';
import type { OutboxEntry, SetAsideRow } from './rows.ts';
import { changed, tell } from './signal.ts';

const ownStores = ['outbox', 'photos', 'uploads', 'drafts'] as const;

/**
 * Trades an invitation or device-link code for a session of this browser. The id it is asked under is kept until it
 * has worked, so that a lost answer is no lost invitation. Throws `Problem` or `Unreachable`.
 */
export async function join(db: Db, input: SessionIn): Promise<MeOut> {
	const code = input.code.replaceAll('-', '').toUpperCase();
	const before = await getMeta(db, 'joining');
	const sessionId = before?.code === code ? before.sessionId : crypto.randomUUID();
	await setMeta(db, 'joining', { code, sessionId });
	const me = await api.request('PUT', `/api/sessions/${sessionId}`, { body: input }, isMe);
	await settleIn(db, me, input.guest_code !== undefined);
	return me;
}

/**
 * Makes this database that of `me`: unsent work of somebody else steps aside, one's own comes back. `along`: what is
 * here is one's own, made before one had an account.
 */
export async function settleIn(db: Db, me: MeOut, along = false): Promise<void> {
	const before = await db.get('account', 'me');
	const stores: Store[] = [...replicaStores, ...ownStores, 'cases', 'meta', 'set_aside'];
	await writeStrict(db, stores, async (tx) => {
		const meta = tx.objectStore('meta');
		if (before && before.id !== me.id) {
			const left: SetAsideRow = {
				accountId: before.id,
				outbox: await tx.objectStore('outbox').getAll(),
				photos: await tx.objectStore('photos').getAll(),
				uploads: await tx.objectStore('uploads').getAll(),
				drafts: await tx.objectStore('drafts').getAll()
			};
			if (!along && left.outbox.length + left.drafts.length > 0) {
				await tx.objectStore('set_aside').put(left);
			}
			const gone: Store[] = [...replicaStores, 'cases', ...(along ? [] : ownStores)];
			for (const store of gone) await tx.objectStore(store).clear();
			if (along) for (const row of left.outbox) await tx.objectStore('outbox').put(sendable(row));
			await meta.delete('cursor');
			await meta.delete('syncedAt');
		}
		const back = await tx.objectStore('set_aside').get(me.id);
		if (back) {
			for (const row of back.outbox) await tx.objectStore('outbox').put(row);
			for (const row of back.photos) await tx.objectStore('photos').put(row);
			for (const row of back.uploads) await tx.objectStore('uploads').put(row);
			for (const row of back.drafts) await tx.objectStore('drafts').put(row);
			await tx.objectStore('set_aside').delete(me.id);
		}
		await tx.objectStore('account').put(me, 'me');
		await meta.delete('guest');
		await meta.delete('joining');
		await meta.delete('paused');
		await meta.delete('revokeSession');
	});
	tell({ changed: stores, signedIn: true });
}

/** What was refused for want of an account may go now. */
function sendable(row: OutboxEntry): OutboxEntry {
	if (row.state !== 'needs_person' || row.lastError?.code !== 'guests_not_taken') return row;
	return { ...row, state: 'queued', attempts: 0, nextAttemptAt: 0, lastError: null };
}

/** How much would be lost by signing out now. */
export async function unsentWork(db: Db): Promise<{ entries: number; drafts: number }> {
	const entries = (await allEntries(db)).filter((entry) => entry.state !== 'done' && entry.kind !== 'read');
	return { entries: entries.length, drafts: await db.count('drafts') };
}

/**
 * Ends the session and wipes everything this phone knows, caches of pictures included. Without a network it wipes all
 * the same and ends the session on the server as soon as it can be reached. Ask first: see `unsentWork`.
 */
export async function signOut(db: Db): Promise<void> {
	const me = await db.get('account', 'me');
	await wipe(db);
	if (!me) return;
	await setMeta(db, 'revokeSession', me.session_id);
	await endSession(db);
}

/** Ends a session that a sign-out without network has left behind. */
export async function endSession(db: Db): Promise<void> {
	const id = await getMeta(db, 'revokeSession');
	if (!id) return;
	try {
		await api.request('DELETE', `/api/me/sessions/${id}`);
	} catch (error) {
		if (error instanceof Unreachable || (error instanceof Problem && error.temporary)) return;
		if (!(error instanceof Problem)) throw error;
	}
	await setMeta(db, 'revokeSession', null);
}

async function wipe(db: Db): Promise<void> {
	const stores = [...db.objectStoreNames].filter((name) => name !== 'set_aside');
	await writeStrict(db, stores, async (tx) => {
		for (const store of stores) await tx.objectStore(store).clear();
	});
	if ('caches' in globalThis) {
		// The app itself stays in its cache; what people sent is not to.
		for (const name of await caches.keys()) if (!name.startsWith('app-')) await caches.delete(name);
	}
	changed(...stores);
	tell({ wiped: true });
}

/** Is this the answer of our server to a sign-in or `GET /api/me`? */
export function isMe(answer: unknown): answer is MeOut {
	return (
		typeof answer === 'object' &&
		answer !== null &&
		'session_id' in answer &&
		'grants' in answer &&
		Array.isArray(answer.grants)
	);
}
