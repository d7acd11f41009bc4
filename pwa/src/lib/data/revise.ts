/** What a person can do with an entry that the server refused: change it under a new id, or let it go. */
import { emptyMessageDraft, emptyReportDraft, messageDraftKey, type Slot } from './drafts.ts';
import { callDraft } from './calls.ts';
import { writeStrict, type Db } from './db.ts';
import { isVoice } from './files.ts';
import { outboxStores, releasePhotos, type OutboxTx } from './outbox.ts';
import type { Draft, MessageDraft, OutboxEntry, ReportDraft } from './rows.ts';
import { changed, queued } from './signal.ts';

type Refused<K extends OutboxEntry['kind']> = Extract<OutboxEntry, { kind: K }>;

/**
 * Puts a refused report, message or move back where it was written, with everything that was typed. The entry stays
 * until the draft is sent in its place (or discarded), so nothing is lost in between.
 *
 * Resolves to the draft, or null where there is nothing to write again (a profile, a read marker), where the server
 * already has it and only files are missing: those can be given up (`discardRefused`), not revised; and where the
 * composer holds a voice note already, of which a message has one.
 */
export async function reviseRefused(db: Db, id: string): Promise<Draft | null> {
	const draft = await writeStrict(db, [...outboxStores], async (tx) => {
		const entry = await tx.objectStore('outbox').get(id);
		if (!entry || entry.state !== 'needs_person' || entry.receivedAt) return null;
		const open = (await tx.objectStore('drafts').getAll()).find((one) => one.revises === id);
		if (open) return open;
		const made = await draftOf(tx, entry);
		if (made) await tx.objectStore('drafts').put(made);
		return made;
	});
	changed('drafts');
	return draft;
}

async function draftOf(tx: OutboxTx, entry: OutboxEntry): Promise<Draft | null> {
	if (entry.kind === 'report') return reportDraft(entry);
	if (entry.kind === 'call') return callDraft(entry);
	if (entry.kind === 'join') return insteadOf(entry);
	if (entry.kind === 'message') return messageDraft(tx, entry, 'message');
	if (entry.kind === 'move' || entry.kind === 'decision') return messageDraft(tx, entry, entry.kind);
	return null;
}

function reportDraft(entry: Refused<'report'>): ReportDraft {
	const was = entry.payload;
	return {
		...emptyReportDraft(),
		category_id: was.category_id,
		description: was.description ?? '',
		lat: was.lat ?? null,
		lon: was.lon ?? null,
		accuracy_m: was.accuracy_m ?? null,
		located_by: was.located_by,
		address: was.address ?? '',
		area_id: was.area_id ?? null,
		...(was.answers && { answers: { [was.category_id]: was.answers } }),
		on_behalf: was.on_behalf ?? null,
		photoIds: entry.photoIds,
		voiceId: voiceIdOf(entry),
		createdAt: entry.createdAt,
		revises: entry.id,
		problem: entry.lastError
	};
}

function voiceIdOf({ photoIds, photos }: OutboxEntry): string | null {
	return photoIds[photos.findIndex(isVoice)] ?? null;
}

/** Joining was not possible: what was about to be reported is a draft again. */
function insteadOf(entry: Refused<'join'>): ReportDraft {
	const fresh = { id: crypto.randomUUID(), photoIds: entry.photoIds, revises: entry.id };
	return { ...entry.payload.instead, ...fresh, problem: entry.lastError };
}

async function messageDraft(
	tx: OutboxTx,
	entry: Refused<'message'> | Refused<'move'> | Refused<'decision'>,
	slot: Slot
): Promise<MessageDraft | null> {
	const reportId = entry.reportId ?? '';
	const open = await tx.objectStore('drafts').get(messageDraftKey(reportId, slot));
	const begun = open?.kind === 'message' ? open : emptyMessageDraft(reportId, slot);
	const voiceId = voiceIdOf(entry);
	if (voiceId && begun.voiceId) return null;
	return {
		...begun,
		// What is being written just now stays, after what came back.
		text: [entry.payload.text || ('reason' in entry.payload && entry.payload.reason) || '', begun.text]
			.filter(Boolean)
			.join('\n\n'),
		photoIds: [...entry.photoIds, ...begun.photoIds],
		voiceId: voiceId ?? begun.voiceId ?? null,
		revises: entry.id,
		problem: entry.lastError
	};
}

/** What would be lost with an entry: shown before asking "really?". */
export interface Loss {
	/** Entries that go with it: itself, and for a report that never arrived everything queued behind it. */
	entries: number;
	photos: number;
	voices: number;
	/** The server has it; only its missing photos would be given up. */
	received: boolean;
}

/** Counts what `discardRefused` would throw away. */
export async function lossOf(db: Db, id: string): Promise<Loss> {
	const entry = await db.get('outbox', id);
	if (!entry) return { entries: 0, photos: 0, voices: 0, received: false };
	const all = entry.kind === 'report' ? await db.getAllFromIndex('outbox', 'by_report', id) : [entry];
	const gone = entry.receivedAt ? [entry] : all;
	const voices = gone.filter(voiceIdOf).length;
	return {
		entries: gone.length,
		photos: gone.reduce((sum, one) => sum + one.photoIds.length, 0) - voices,
		voices,
		received: entry.receivedAt !== null
	};
}

/**
 * Lets a refused entry go, once the person has confirmed `lossOf`. What the server already has stays there; of that
 * only the missing photos are given up.
 */
export async function discardRefused(db: Db, id: string): Promise<void> {
	await writeStrict(db, [...outboxStores], async (tx) => {
		const entry = await tx.objectStore('outbox').get(id);
		if (entry?.state === 'needs_person') await drop(tx, entry);
	});
	// What waited behind it may go now.
	queued('photos', 'drafts');
}

async function drop(tx: OutboxTx, entry: OutboxEntry): Promise<void> {
	const outbox = tx.objectStore('outbox');
	if (entry.receivedAt) {
		await outbox.put({ ...entry, state: 'done', lastError: null, photoIds: [] });
		await releasePhotos(tx, entry.photoIds);
		return;
	}
	const gone = entry.kind === 'report' ? await outbox.index('by_report').getAll(entry.id) : [entry];
	for (const one of gone) await outbox.delete(one.id);
	for (const draft of await tx.objectStore('drafts').getAll()) {
		if (draft.revises === entry.id) await tx.objectStore('drafts').put({ ...draft, revises: null });
	}
	await releasePhotos(
		tx,
		gone.flatMap((one) => one.photoIds)
	);
}

/**
 * Takes back what has never left the phone: a report becomes a draft again, anything else is gone. Resolves to false
 * when it has been tried and the server may have it; then only a move (`withdrawn`) can take it back.
 */
export async function takeBack(db: Db, id: string): Promise<boolean> {
	const taken = await writeStrict(db, [...outboxStores], async (tx) => {
		const entry = await tx.objectStore('outbox').get(id);
		if (!entry || entry.state !== 'queued' || entry.attempts > 0 || entry.receivedAt) return false;
		const waiting =
			entry.kind === 'report' ? await tx.objectStore('outbox').index('by_report').getAll(id) : [];
		if (waiting.length > 1) return false;
		await tx.objectStore('outbox').delete(id);
		if (entry.kind === 'report') {
			await tx.objectStore('drafts').put({ ...reportDraft(entry), id, revises: null, problem: null });
		}
		await releasePhotos(tx, entry.photoIds);
		return true;
	});
	if (taken) changed('outbox', 'drafts', 'photos');
	return taken;
}
