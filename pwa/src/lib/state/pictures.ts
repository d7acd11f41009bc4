/** Addresses of photos for `<img src>`: of the bytes on this phone while they are here, then of the server's copies. */
import type { PhotoOut, VoiceOut } from '#lib/api/types.ts';
import type { Db } from '#lib/data/db.ts';
import { isVoice } from '#lib/data/files.ts';
import type { OutboxEntry, UploadRow } from '#lib/data/rows.ts';

export interface PhotoView {
	/** Stable key for `{#each}`. */
	key: string;
	/** Null when there is nothing to show (not ready on the server, or not decodable here). */
	thumb: string | null;
	full: string | null;
	/** Row in `photos`, while the bytes are on this phone. */
	localId: string | null;
	width: number | null;
	height: number | null;
	/** `waiting`: only on this phone (or the sender's). `stored`: the server has it and makes its copies. */
	state: 'waiting' | 'stored' | 'ready' | 'failed';
	/** 0 to 1 of the bytes sent, while `waiting` on this phone; otherwise null. */
	progress: number | null;
}

interface LocalPicture {
	sha256: string;
	url: string;
}

const urls = new Map<string, Promise<LocalPicture | null>>();

/**
 * Pictures whose bytes have just left the phone, by SHA-256: shown until the server has made its own copies, or a sent
 * photo would vanish for a moment.
 */
const leaving = new Map<string, string>();
const leavingKept = 20;

/** An object URL for a photo on this phone, made once; null when its bytes are gone. */
async function localUrl(db: Db, photoId: string): Promise<string | null> {
	const known = urls.get(photoId);
	if (known) return (await known)?.url ?? null;
	const made = db.get('photos', photoId).then((row) => {
		if (row)
			return { sha256: row.sha256, url: URL.createObjectURL(new Blob([row.bytes], { type: row.type })) };
		urls.delete(photoId);
		return null;
	});
	urls.set(photoId, made);
	return (await made)?.url ?? null;
}

/** Gives back the memory of photos that have left the phone. `kept`: the ids that are still in `photos`. */
export async function forgetUrls(kept: ReadonlySet<string>): Promise<void> {
	for (const [photoId, picture] of urls) {
		if (kept.has(photoId)) continue;
		urls.delete(photoId);
		const gone = await picture;
		if (gone) leaving.set(gone.sha256, gone.url);
	}
	for (const [sha256, url] of [...leaving].slice(0, -leavingKept)) {
		leaving.delete(sha256);
		URL.revokeObjectURL(url);
	}
}

/** Nobody is signed in any more: not even a picture in memory stays. */
export function forgetAllUrls(): void {
	for (const url of leaving.values()) URL.revokeObjectURL(url);
	leaving.clear();
}

/** Photos that are on this phone: of a draft, or of an entry. */
export async function localPhotos(db: Db, photoIds: readonly string[]): Promise<PhotoView[]> {
	return Promise.all(
		photoIds.map(async (id) => {
			const upload = await db.get('uploads', id);
			return localView(id, await localUrl(db, id), upload);
		})
	);
}

function localView(id: string, url: string | null, upload: UploadRow | undefined): PhotoView {
	const progress = upload ? upload.offset / Math.max(1, upload.length) : 0;
	return {
		key: id,
		thumb: url,
		full: url,
		localId: id,
		width: null,
		height: null,
		state: 'waiting',
		progress
	};
}

/** The photos of an entry whose bytes are on this phone: all its files but the voice note. */
export function entryPhotos(db: Db, { photoIds, photos }: OutboxEntry): Promise<PhotoView[]> {
	return localPhotos(
		db,
		photoIds.filter((_, at) => !isVoice(photos[at]))
	);
}

/** A voice note as a thread shows it; without an `id` the server knows nothing of it yet. */
export type VoiceView = Omit<VoiceOut, 'id'> & { id: string | null };

/** The voice note that an entry brings along. */
export function entryVoice({ photos }: OutboxEntry): VoiceView | null {
	const voice = photos.find(isVoice);
	if (!voice) return null;
	return { id: null, sha256: voice.sha256, state: 'expected', seconds: voice.seconds ?? 0, silent: false };
}

/** The server's photos; for one whose bytes are still here and not there, the bytes here. */
export async function serverPhotos(
	db: Db,
	photos: readonly PhotoOut[],
	entry?: OutboxEntry
): Promise<PhotoView[]> {
	return Promise.all(photos.map((photo) => serverPhoto(db, photo, entry)));
}

async function serverPhoto(db: Db, photo: PhotoOut, entry?: OutboxEntry): Promise<PhotoView> {
	const { id, width, height } = photo;
	if (photo.state === 'ready') {
		const at = `/api/photos/${id}`;
		return {
			key: id,
			thumb: `${at}/thumb`,
			full: `${at}/full`,
			localId: null,
			width,
			height,
			state: 'ready',
			progress: null
		};
	}
	const here = entry?.photoIds[entry.photos.findIndex((one) => one.sha256 === photo.sha256)];
	const [local] = here ? await localPhotos(db, [here]) : [];
	if (local) return { ...local, key: id, width, height };
	const state = photo.state === 'expected' ? 'waiting' : photo.state;
	const left = state === 'failed' ? null : (leaving.get(photo.sha256) ?? null);
	return { key: id, thumb: left, full: left, localId: null, width, height, state, progress: null };
}
