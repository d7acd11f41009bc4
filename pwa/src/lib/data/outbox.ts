/**
 * The outbox: what a person did and the server does not have yet. An entry and its photos are written in one
 * transaction that is on the disk before anybody says "saved" (I1), and nothing here expires.
 */
import { writeStrict, type Db, type WriteTx } from './db.ts';
import type { Kind, KeptProblem, NamedFile, OutboxEntry, Payloads } from './rows.ts';
import { changed, queued } from './signal.ts';

/** The stores an entry is made of. */
export const outboxStores = ['outbox', 'photos', 'uploads', 'drafts', 'meta'] as const;
export type OutboxStore = (typeof outboxStores)[number];
export type OutboxTx = WriteTx<OutboxStore>;

export interface NewEntry<K extends Kind> {
	kind: K;
	payload: Payloads[K];
	/** Default: a fresh UUID v4. */
	id?: string;
	reportId?: string | null;
	/** Rows of the `photos` store: the voice note, then photos in the order they are shown. */
	photoIds?: string[];
	/** Place in the queue; only a revised entry names one: that of the entry it replaces. */
	order?: number;
}

/** Thrown when an entry names a photo whose bytes are not on this phone. */
export class PhotoMissing extends Error {
	readonly photoId: string;

	constructor(photoId: string) {
		super(`no bytes for photo ${photoId}`);
		this.name = 'PhotoMissing';
		this.photoId = photoId;
	}
}

/** Queues one entry. When this resolves it will reach the server exactly once. Throws `StorageFull`. */
export async function enqueue<K extends Kind>(db: Db, entry: NewEntry<K>): Promise<OutboxEntry> {
	const made = await writeStrict(db, [...outboxStores], (tx) => addEntry(tx, entry));
	queued();
	return made;
}

/** The same inside a transaction of the caller's. */
export async function addEntry<K extends Kind>(tx: OutboxTx, entry: NewEntry<K>): Promise<OutboxEntry> {
	const id = entry.id ?? crypto.randomUUID();
	// A double tap, or a screen that had not noticed: it is queued already.
	const already = await tx.objectStore('outbox').get(id);
	if (already) return already;
	const photos: NamedFile[] = [];
	for (const photoId of entry.photoIds ?? []) {
		const row = await tx.objectStore('photos').get(photoId);
		if (!row) throw new PhotoMissing(photoId);
		const { sha256, bytes, type, voice } = row;
		photos.push({ sha256, bytes: bytes.byteLength, type, ...(voice && { seconds: voice.seconds }) });
		await tx.objectStore('uploads').put({ photoId, url: null, offset: 0, length: row.bytes.byteLength });
	}
	const reportId = entry.kind === 'report' ? id : (entry.reportId ?? null);
	const row = {
		id,
		kind: entry.kind,
		reportId,
		lane: laneOf(entry.kind, id, reportId, entry.payload),
		payload: entry.payload,
		photoIds: entry.photoIds ?? [],
		photos,
		state: 'queued',
		attempts: 0,
		nextAttemptAt: 0,
		lastError: null,
		receivedAt: null,
		code: null,
		createdAt: Date.now(),
		order: entry.order ?? (await nextOrder(tx))
	} as OutboxEntry;
	await tx.objectStore('outbox').add(row);
	return row;
}

/** Read markers and the like are true in any order: each has a lane of its own. */
function laneOf(kind: Kind, id: string, reportId: string | null, payload: Payloads[Kind]): string {
	if (standsInThread(kind) || kind === 'edit') return reportId ?? id;
	// Saying it and taking it back, in their order.
	if (kind === 'join' || kind === 'leave') return `joins of ${reportId}`;
	if (kind === 'profile') return 'profile';
	if (kind === 'crisis') return (payload as Payloads['crisis']).lane;
	if (kind === 'push_subscription' || kind === 'push_unsubscription') return 'push';
	return id;
}

async function nextOrder(tx: OutboxTx): Promise<number> {
	const meta = tx.objectStore('meta');
	const order = (((await meta.get('order')) as number | undefined) ?? 0) + 1;
	await meta.put(order, 'order');
	return order;
}

/**
 * Puts `entry` in the place of a refused one, under its own new id. What waits behind a refused report (messages,
 * moves, an unsent composer) follows to the new id. Photos that are no longer named leave the phone.
 */
export async function replaceEntry<K extends Kind>(
	tx: OutboxTx,
	refusedId: string,
	entry: NewEntry<K>
): Promise<OutboxEntry> {
	const outbox = tx.objectStore('outbox');
	const refused = await outbox.get(refusedId);
	if (!refused || refused.state !== 'needs_person') return addEntry(tx, entry);
	await outbox.delete(refusedId);
	const made = await addEntry(tx, { ...entry, order: refused.order });
	if (refused.kind === 'report') await moveDependents(tx, refusedId, made.id);
	await releasePhotos(tx, refused.photoIds);
	return made;
}

async function moveDependents(tx: OutboxTx, from: string, to: string): Promise<void> {
	const outbox = tx.objectStore('outbox');
	for (const row of await outbox.index('by_report').getAll(from)) {
		await outbox.put({ ...row, reportId: to, lane: row.lane === from ? to : row.lane });
	}
	const drafts = tx.objectStore('drafts');
	for (const draft of await drafts.getAll()) {
		if (draft.kind !== 'message' || draft.reportId !== from) continue;
		await drafts.delete(draft.id);
		await drafts.put({ ...draft, id: draft.id.replace(from, to), reportId: to });
	}
}

/** All entries, oldest first. */
export function allEntries(db: Db): Promise<OutboxEntry[]> {
	return db.getAllFromIndex('outbox', 'by_order');
}

/**
 * Changes one entry if it is still there; `change` gets the stored row and returns what replaces it, or null to leave
 * it. Resolves to the row as it now is, or undefined when there is none.
 */
export async function updateEntry(
	db: Db,
	id: string,
	change: (entry: OutboxEntry) => OutboxEntry | null
): Promise<OutboxEntry | undefined> {
	const now = await writeStrict(db, ['outbox'], async (tx) => {
		const entry = await tx.objectStore('outbox').get(id);
		const next = entry && change(entry);
		if (next) await tx.objectStore('outbox').put(next);
		return next ?? entry;
	});
	changed('outbox');
	return now;
}

/**
 * After a crash or a killed worker: what was `sending` is queued again. Nothing is known of it, and sending it again
 * under its id does no harm. Only the holder of the drain lock may call this.
 */
export async function recoverStale(db: Db): Promise<void> {
	for (const entry of await allEntries(db)) {
		if (entry.state === 'sending') {
			await updateEntry(db, entry.id, (row) =>
				row.state === 'sending' ? { ...row, state: 'queued' } : null
			);
		}
	}
}

/**
 * Makes what waits for its time due now (back online, "send now"). What a busy server asked to wait for (429, or 503
 * with the code `busy`) goes on waiting, unless the person insists; so does what was never tried: it is held back while
 * it can be taken back.
 */
export async function makeDue(db: Db, insist: boolean): Promise<void> {
	const early = (await allEntries(db)).filter(
		(entry) =>
			entry.state === 'queued' &&
			entry.nextAttemptAt > 0 &&
			(insist || (entry.attempts > 0 && !isAskedToWait(entry)))
	);
	for (const entry of early) await updateEntry(db, entry.id, (row) => ({ ...row, nextAttemptAt: 0 }));
}

function isAskedToWait({ lastError }: OutboxEntry): boolean {
	return lastError?.status === 429 || lastError?.code === 'busy';
}

/**
 * Nothing is left to send of this entry: its photos leave the phone and it is `done`. It stays, without weight, until
 * the replica shows what it made (`dropArrived`); kinds that make nothing go at once.
 */
export async function finish(db: Db, id: string): Promise<void> {
	await writeStrict(db, [...outboxStores], async (tx) => {
		const entry = await tx.objectStore('outbox').get(id);
		if (!entry) return;
		if (!standsInThread(entry.kind)) await tx.objectStore('outbox').delete(id);
		else await tx.objectStore('outbox').put({ ...entry, state: 'done', lastError: null, photoIds: [] });
		await releasePhotos(tx, entry.photoIds);
	});
	changed('outbox', 'photos', 'uploads');
}

/** What makes a row of a report's thread, or the report itself. */
function standsInThread(kind: Kind): boolean {
	return [
		'report',
		'message',
		'move',
		'rating',
		'decision',
		'nudge',
		'handover',
		'split',
		'part_done'
	].includes(kind);
}

/** Deletes photos that no entry and no draft needs any more. */
export async function releasePhotos(tx: OutboxTx, photoIds: readonly string[]): Promise<void> {
	if (photoIds.length === 0) return;
	const owners = [...(await tx.objectStore('outbox').getAll()), ...(await tx.objectStore('drafts').getAll())];
	const needed = new Set(owners.flatMap((owner) => owner.photoIds));
	for (const photoId of photoIds) {
		if (needed.has(photoId)) continue;
		await tx.objectStore('photos').delete(photoId);
		await tx.objectStore('uploads').delete(photoId);
	}
}

/** The person has to decide: the entry stands still, with the server's words. */
export async function giveToPerson(db: Db, id: string, problem: KeptProblem): Promise<void> {
	await updateEntry(db, id, (entry) => ({ ...entry, state: 'needs_person', lastError: problem }));
}
