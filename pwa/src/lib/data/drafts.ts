/** Reports and messages being written: kept at every change, photos included (O2). */
import { writeStrict, type Db } from './db.ts';
import { photoIdsOf } from './files.ts';
import {
	addEntry,
	outboxStores,
	releasePhotos,
	replaceEntry,
	type NewEntry,
	type OutboxTx
} from './outbox.ts';
import type {
	Draft,
	Kind,
	MessageDraft,
	MoveInput,
	OutboxEntry,
	Payloads,
	PhotoRow,
	ReportDraft
} from './rows.ts';
import { changed, queued } from './signal.ts';

/** PRODUCT R2. */
export const maxPhotos = 5;

/** A report draft with nothing in it yet. */
export function emptyReportDraft(): ReportDraft {
	const now = Date.now();
	return {
		id: crypto.randomUUID(),
		kind: 'report',
		category_id: null,
		description: '',
		lat: null,
		lon: null,
		accuracy_m: null,
		located_by: 'none',
		address: '',
		area_id: null,
		photoIds: [],
		createdAt: now,
		updatedAt: now,
		revises: null,
		problem: null
	};
}

/** Which composer of a thread: the reply box, or the sheet of a move or of a head's decision. */
export type Slot = 'message' | 'move' | 'decision';

export function messageDraftKey(reportId: string, slot: Slot): string {
	return `${reportId}:${slot}`;
}

/** An empty composer for one thread. */
export function emptyMessageDraft(reportId: string, slot: Slot): MessageDraft {
	return {
		id: messageDraftKey(reportId, slot),
		kind: 'message',
		reportId,
		sendAs: crypto.randomUUID(),
		text: '',
		photoIds: [],
		updatedAt: Date.now(),
		revises: null,
		problem: null
	};
}

/**
 * Keeps what is typed. Which photos and voice note belong to it is decided by `addPhoto`, `keepVoice` and
 * `removePhoto` alone, so that a screen that saves late does not lose one. Throws `StorageFull`.
 */
export async function saveDraft(db: Db, draft: Draft): Promise<void> {
	await writeStrict(db, ['drafts', 'outbox'], async (tx) => {
		// A save that was late by a moment must not bring back what has just been sent.
		if (await tx.objectStore('outbox').get(sentAs(draft))) return;
		const kept = await tx.objectStore('drafts').get(draft.id);
		const { photoIds, voiceId = null } = kept ?? draft;
		await tx
			.objectStore('drafts')
			.put({ ...plain(draft), photoIds: [...photoIds], voiceId, updatedAt: Date.now() });
	});
	changed('drafts');
}

function sentAs(draft: Draft): string {
	return draft.kind === 'message' ? draft.sendAs : draft.id;
}

/** Screens hand over reactive proxies, which IndexedDB cannot copy. */
function plain<T extends Draft>(draft: T): T {
	return { ...draft, problem: draft.problem && JSON.parse(JSON.stringify(draft.problem)) };
}

/** The sixth photo of a report. */
export class TooManyPhotos extends Error {
	constructor() {
		super(`at most ${maxPhotos} photos`);
		this.name = 'TooManyPhotos';
	}
}

/** Adds a finished photo to a draft, making the draft if need be. Throws `StorageFull`, `TooManyPhotos`. */
export async function addPhoto(db: Db, draft: Draft, photo: PhotoRow): Promise<void> {
	await writeStrict(db, ['drafts', 'photos'], async (tx) => {
		const kept = (await tx.objectStore('drafts').get(draft.id)) ?? { ...plain(draft), photoIds: [] };
		if (photoIdsOf(kept).length >= maxPhotos) throw new TooManyPhotos();
		await tx.objectStore('photos').put(photo);
		await tx
			.objectStore('drafts')
			.put({ ...kept, photoIds: [...kept.photoIds, photo.id], updatedAt: Date.now() });
	});
	changed('drafts', 'photos');
}

/**
 * Makes `voice` the draft's voice note, in place of any other: again and again with the same id while it is recorded,
 * so that a crash leaves what was said until then. It goes first, for it stands for the words. Throws `StorageFull`.
 */
export async function keepVoice(db: Db, draft: Draft, voice: PhotoRow): Promise<void> {
	await writeStrict(db, [...outboxStores], async (tx) => {
		if (await tx.objectStore('outbox').get(sentAs(draft))) return;
		const kept = (await tx.objectStore('drafts').get(draft.id)) ?? plain(draft);
		const photoIds = [voice.id, ...photoIdsOf(kept).filter((id) => id !== voice.id)];
		await tx.objectStore('photos').put(voice);
		await tx.objectStore('drafts').put({ ...kept, photoIds, voiceId: voice.id, updatedAt: Date.now() });
		if (kept.voiceId && kept.voiceId !== voice.id) await releasePhotos(tx, [kept.voiceId]);
	});
	changed('drafts', 'photos');
}

/** Takes one photo, or the voice note, out of a draft and off the phone. */
export async function removePhoto(db: Db, draftId: string, photoId: string): Promise<void> {
	await writeStrict(db, [...outboxStores], async (tx) => {
		const kept = await tx.objectStore('drafts').get(draftId);
		if (!kept) return;
		await tx.objectStore('drafts').put({
			...kept,
			photoIds: kept.photoIds.filter((id) => id !== photoId),
			voiceId: kept.voiceId === photoId ? null : (kept.voiceId ?? null),
			updatedAt: Date.now()
		});
		await releasePhotos(tx, [photoId]);
	});
	changed('drafts', 'photos');
}

/** Throws a draft and its photos away: only when the person said so. */
export async function discardDraft(db: Db, draftId: string): Promise<void> {
	await writeStrict(db, [...outboxStores], async (tx) => {
		const kept = await tx.objectStore('drafts').get(draftId);
		if (!kept) return;
		await tx.objectStore('drafts').delete(draftId);
		await releasePhotos(tx, kept.photoIds);
	});
	changed('drafts', 'photos');
}

/** The draft lacks what a report cannot be without. */
export class DraftUnfinished extends Error {
	constructor() {
		super('a report needs a category');
		this.name = 'DraftUnfinished';
	}
}

/** Turns a draft into a queued report, in one transaction. Resolves to the entry, whose id is the report's. */
export async function submitReport(db: Db, draft: ReportDraft): Promise<OutboxEntry> {
	if (draft.category_id === null) throw new DraftUnfinished();
	const payload = reportPayload(draft, draft.category_id);
	const entry = await writeStrict(db, [...outboxStores], async (tx) => {
		const kept = await tx.objectStore('drafts').get(draft.id);
		const photoIds = kept?.photoIds ?? [...draft.photoIds];
		await tx.objectStore('drafts').delete(draft.id);
		return queueInPlace(tx, draft.revises, { kind: 'report', id: draft.id, payload, photoIds });
	});
	queued('drafts');
	return entry;
}

function reportPayload(draft: ReportDraft, category_id: string): Payloads['report'] {
	const payload: Payloads['report'] = {
		category_id,
		located_by: draft.located_by,
		device_created_at: new Date(draft.createdAt).toISOString()
	};
	if (draft.description.trim()) payload.description = draft.description;
	if (draft.address.trim()) payload.address = draft.address;
	if (draft.area_id) payload.area_id = draft.area_id;
	const answers = draft.answers?.[category_id];
	if (answers) payload.answers = answers;
	if (draft.on_behalf?.name.trim()) payload.on_behalf = draft.on_behalf;
	if (draft.lat !== null && draft.lon !== null) {
		payload.lat = draft.lat;
		payload.lon = draft.lon;
		if (draft.accuracy_m !== null) payload.accuracy_m = draft.accuracy_m;
	} else {
		payload.located_by = 'none';
	}
	return payload;
}

/** What the composer of a thread sends, besides its text and photos. */
export interface MessageFlags {
	question?: boolean;
	note?: boolean;
}

/** Queues what stands in the composer of a thread and empties it, in one transaction. */
export function sendMessage(db: Db, draft: MessageDraft, flags: MessageFlags = {}): Promise<OutboxEntry> {
	const payload: Payloads['message'] = { ...flags, device_created_at: new Date().toISOString() };
	if (draft.text.trim()) payload.text = draft.text;
	return queueComposer(db, draft, { kind: 'message', payload });
}

/** The same for a move: the composer's text and photos go with it. */
export function sendMove(db: Db, draft: MessageDraft, move: MoveInput): Promise<OutboxEntry> {
	const payload: Payloads['move'] = { ...move, device_created_at: new Date().toISOString() };
	if (draft.text.trim()) payload.text = draft.text;
	return queueComposer(db, draft, { kind: 'move', payload });
}

/** Queues `what` with the composer's photos and empties it, in one transaction. */
export async function queueComposer<K extends 'message' | 'move' | 'decision'>(
	db: Db,
	draft: MessageDraft,
	what: Pick<NewEntry<K>, 'kind' | 'payload'>
): Promise<OutboxEntry> {
	const entry = await writeStrict(db, [...outboxStores], async (tx) => {
		const kept = await tx.objectStore('drafts').get(draft.id);
		const photoIds = kept?.photoIds ?? [...draft.photoIds];
		await tx.objectStore('drafts').delete(draft.id);
		return queueInPlace(tx, draft.revises, {
			...what,
			id: draft.sendAs,
			reportId: draft.reportId,
			photoIds
		});
	});
	queued('drafts');
	return entry;
}

/** Queues at the end, or, for what replaces a refused entry, in its place. */
function queueInPlace<K extends Kind>(
	tx: OutboxTx,
	revises: string | null,
	entry: NewEntry<K>
): Promise<OutboxEntry> {
	return revises ? replaceEntry(tx, revises, entry) : addEntry(tx, entry);
}
