/** Writing: a report over four screens, a message in a thread. Everything is kept at once, photos included (O2). */
import * as data from '#lib/data/drafts.ts';
import { database } from '#lib/data/db.ts';
import { photoIdsOf } from '#lib/data/files.ts';
import type { Draft, KeptProblem, MessageDraft, MoveInput, PhotoRow, ReportDraft } from '#lib/data/rows.ts';
import { StorageFull } from '#lib/data/db.ts';
import { shrink } from '#lib/photo/shrink.ts';
import { UnreadablePhoto } from '#lib/photo/outcome.ts';
import { liveBy } from './live.svelte.ts';
import { localPhotos, type PhotoView } from './pictures.ts';

export { maxPhotos, type MessageFlags, type Slot } from '#lib/data/drafts.ts';

const photosOf = liveBy<PhotoRow[]>(['drafts', 'photos'], async (db, draftId) => {
	const draft = await db.get('drafts', draftId);
	const rows = await Promise.all((draft?.photoIds ?? []).map((id) => db.get('photos', id)));
	return rows.filter((row) => row !== undefined);
});

const viewsOf = liveBy<PhotoView[]>(['drafts', 'photos'], async (db, draftId) => {
	const draft = await db.get('drafts', draftId);
	return draft ? localPhotos(db, photoIdsOf(draft)) : [];
});

const voiceOf = liveBy<PhotoRow | null>(['drafts', 'photos'], async (db, draftId) => {
	const voiceId = (await db.get('drafts', draftId))?.voiceId;
	return (voiceId && (await db.get('photos', voiceId))) || null;
});

/** Why a picture was not added: `unreadable` (no picture, or cut off), `too_large`, `too_many`, `storage_full`. */
export type PhotoRefusal = 'unreadable' | 'too_large' | 'too_many' | 'storage_full';

const saveAfterMs = 300;

/** What both editors do: keep a draft's fields and photos as they change. */
abstract class Editor<D extends Draft> {
	/** Screens bind to its fields; write with `set`. */
	draft: D;
	/** Pictures being made smaller right now: show that many placeholders. */
	preparing = $state(0);
	/** A voice note is being recorded. */
	recording = $state(false);
	/** The phone is full: what is typed stays on the screen but is not kept. */
	storageFull = $state(false);
	#timer: ReturnType<typeof setTimeout> | null = null;
	#sent = false;
	/** Ids of photos on their way in, so that a sixth is refused at once. */
	readonly #coming = new Set<string>();

	constructor(draft: D) {
		this.draft = $state(draft);
	}

	get photos(): PhotoView[] {
		return viewsOf(this.draft.id).current ?? [];
	}

	/** The voice note, as far as it is recorded. */
	get voice(): PhotoRow | null {
		return voiceOf(this.draft.id).current ?? null;
	}

	/** Its photos as of now, for event handlers: `photos` follows a moment later. */
	photosNow(): Promise<PhotoView[]> {
		return viewsOf(this.draft.id).once();
	}

	/** Where a photo says it was taken: offered as the pin. Null when none says so. */
	get photoPlace(): { lat: number; lon: number } | null {
		return photosOf(this.draft.id).current?.find((photo) => photo.gps)?.gps ?? null;
	}

	/** What the server had against what this replaces. */
	get problem(): KeptProblem | null {
		return this.draft.problem;
	}

	/** Changes fields; kept a moment later, and at `flush`. */
	set(patch: Partial<D>): void {
		Object.assign(this.draft, patch);
		this.#timer ??= setTimeout(() => void this.flush(), saveAfterMs);
	}

	/** Keeps it now: when a screen is left or hidden. */
	async flush(): Promise<void> {
		if (this.#timer) clearTimeout(this.#timer);
		this.#timer = null;
		if (this.#sent) return;
		try {
			await data.saveDraft(await database(), this.plain());
			this.storageFull = false;
		} catch (error) {
			if (!(error instanceof StorageFull)) throw error;
			this.storageFull = true;
		}
	}

	/** Makes pictures small and keeps them. Resolves to what could not be added, in order; [] = all well. */
	async addPhotos(files: Iterable<Blob>): Promise<PhotoRefusal[]> {
		const refused: PhotoRefusal[] = [];
		for (const file of files) {
			const refusal = await this.#addPhoto(file);
			if (refusal) refused.push(refusal);
		}
		return refused;
	}

	async #addPhoto(file: Blob): Promise<PhotoRefusal | null> {
		const id = crypto.randomUUID();
		this.#coming.add(id);
		this.preparing = this.#coming.size;
		try {
			const { gps = null, ...photo } = await shrink(file);
			await data.addPhoto(await database(), this.plain(), { id, ...photo, gps, createdAt: Date.now() });
			return null;
		} catch (error) {
			if (error instanceof UnreadablePhoto) return error.reason;
			if (error instanceof data.TooManyPhotos) return 'too_many';
			if (error instanceof StorageFull) return 'storage_full';
			throw error;
		} finally {
			this.#coming.delete(id);
			this.preparing = this.#coming.size;
		}
	}

	/** Keeps a voice note, or as much of it as there is. Throws `StorageFull`. */
	async keepVoice(voice: PhotoRow): Promise<void> {
		await data.keepVoice(await database(), this.plain(), voice);
	}

	/** A photo, or the voice note. */
	async removePhoto(photoId: string): Promise<void> {
		await data.removePhoto(await database(), this.draft.id, photoId);
	}

	/** Throws it away. Ask first. */
	async discard(): Promise<void> {
		this.sent();
		await data.discardDraft(await database(), this.draft.id);
	}

	/** No save may follow. */
	protected sent(): void {
		if (this.#timer) clearTimeout(this.#timer);
		this.#timer = null;
		this.#sent = true;
	}

	/** It could not be queued: go on keeping it. */
	protected kept(): void {
		this.#sent = false;
	}

	protected plain(): D {
		// Drafts hold nothing but JSON.
		return JSON.parse(JSON.stringify(this.draft)) as D;
	}
}

/** `const editor = await ReportEditor.open(id)`: a report being written; without id a new one. */
export class ReportEditor extends Editor<ReportDraft> {
	static async open(id?: string): Promise<ReportEditor> {
		const kept = id ? await (await database()).get('drafts', id) : undefined;
		return new ReportEditor(kept?.kind === 'report' ? kept : data.emptyReportDraft());
	}

	/** Hands the draft to `send`, which queues something in its place; then nothing of it is kept any more. */
	async giveUpFor(send: (draft: ReportDraft) => Promise<void>): Promise<void> {
		this.sent();
		try {
			await send(this.plain());
		} catch (error) {
			this.kept();
			throw error;
		}
	}

	/**
	 * Queues it; resolves to the report's id once it is safely on the phone. Throws `DraftUnfinished` without a
	 * category and `StorageFull`; the draft is then still there.
	 */
	async submit(): Promise<string> {
		this.sent();
		try {
			return (await data.submitReport(await database(), this.plain())).id;
		} catch (error) {
			this.kept();
			throw error;
		}
	}
}

/** The reply box of a thread, or the sheet of a move or decision that brings words and photos. */
export class Composer extends Editor<MessageDraft> {
	static async open(reportId: string, slot: data.Slot = 'message'): Promise<Composer> {
		const kept = await (await database()).get('drafts', data.messageDraftKey(reportId, slot));
		return new Composer(kept?.kind === 'message' ? kept : data.emptyMessageDraft(reportId, slot), slot);
	}

	readonly #slot: data.Slot;

	private constructor(draft: MessageDraft, slot: data.Slot) {
		super(draft);
		this.#slot = slot;
	}

	/** Text, a voice note or at least one photo: there is something to send. */
	get sendable(): boolean {
		const something = this.draft.text.trim() !== '' || this.photos.length > 0 || this.voice !== null;
		return something && this.preparing === 0 && !this.recording;
	}

	/** Queues the message and begins an empty one. Throws `StorageFull`; what was typed is then still there. */
	async send(flags: data.MessageFlags = {}): Promise<void> {
		const draft = this.plain();
		await this.#queue(async () => data.sendMessage(await database(), draft, flags));
	}

	/** Queues a move with this text and these photos. */
	async move(move: Omit<MoveInput, 'text'>): Promise<void> {
		const draft = this.plain();
		await this.#queue(async () => data.sendMove(await database(), draft, move));
	}

	/** Hands what was written to `send`, which queues it, and begins an empty one. */
	async give(send: (draft: MessageDraft) => Promise<unknown>): Promise<void> {
		const draft = this.plain();
		await this.#queue(() => send(draft));
	}

	async #queue(send: () => Promise<unknown>): Promise<void> {
		this.sent();
		const shown = this.draft;
		try {
			await send();
			this.draft = data.emptyMessageDraft(shown.reportId, this.#slot);
		} finally {
			this.kept();
		}
	}
}
