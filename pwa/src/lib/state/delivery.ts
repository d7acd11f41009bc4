/** Where something the person sent stands, in the terms a screen can say honestly. */
import type { Db } from '#lib/data/db.ts';
import { isVoice } from '#lib/data/files.ts';
import type { KeptProblem, OutboxEntry } from '#lib/data/rows.ts';

export interface Delivery {
	entryId: string;
	/** `done`: the server has everything. `needs_person`: see `problem`. */
	state: 'queued' | 'sending' | 'done' | 'needs_person';
	/** Server time at which the words were received; photos may still be on their way. */
	receivedAt: string | null;
	photosTotal: number;
	photosSent: number;
	/** Of the voice note; `none`: there is none. */
	voice: 'none' | 'waiting' | 'sent';
	bytesTotal: number;
	bytesSent: number;
	attempts: number;
	/** When it will be tried again by itself (ms since 1970); null = as soon as there is a connection. */
	retryAt: number | null;
	/** The last refusal or failure, in the server's words where it spoke. */
	problem: KeptProblem | null;
}

/** The delivery of one entry, photo by photo. */
export async function deliveryOf(db: Db, entry: OutboxEntry): Promise<Delivery> {
	const uploads = await Promise.all(entry.photoIds.map((id) => db.get('uploads', id)));
	const known = uploads.filter((upload) => upload !== undefined);
	const done = entry.state === 'done';
	const isSent = (at: number) =>
		done || (uploads[at] !== undefined && uploads[at].offset >= uploads[at].length);
	const voiceAt = entry.photos.findIndex(isVoice);
	const photosAt = [...entry.photos.keys()].filter((at) => at !== voiceAt);
	const bytesTotal = entry.photos.reduce((sum, photo) => sum + photo.bytes, 0);
	return {
		entryId: entry.id,
		state: entry.state,
		receivedAt: entry.receivedAt,
		photosTotal: photosAt.length,
		photosSent: photosAt.filter(isSent).length,
		voice: voiceAt < 0 ? 'none' : isSent(voiceAt) ? 'sent' : 'waiting',
		bytesTotal,
		bytesSent: done ? bytesTotal : known.reduce((sum, upload) => sum + upload.offset, 0),
		attempts: entry.attempts,
		retryAt: entry.state === 'queued' && entry.nextAttemptAt > Date.now() ? entry.nextAttemptAt : null,
		problem: entry.lastError
	};
}
