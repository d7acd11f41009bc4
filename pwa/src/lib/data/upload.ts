/**
 * Photos by tus 1.0 (https://tus.io/protocols/resumable-upload): 64 KB at a time, each with its checksum, so that a
 * dropped connection costs 64 KB at most, wherever it drops and however often (O4).
 */
import { refusal, timeoutFor, Unreachable, type Client } from '#lib/api/client.ts';
import type { Db } from './db.ts';
import type { PhotoRow, UploadRow } from './rows.ts';
import { sha256, sha256Hex } from '#lib/photo/sha256.ts';
import { tell } from './signal.ts';

export const chunkBytes = 64 * 1024;

/** Steps without progress (it expired, arrived damaged, stands elsewhere than thought) before it waits its turn. */
const setbacksAllowed = 4;

export interface UploadParts {
	db: Db;
	client: Client;
	/** Asked between chunks: something more urgent waits. */
	interrupted: () => boolean;
}

/** The bytes of a photo are not on this phone any more, or not the ones that were stored. */
export class BytesLost extends Error {
	readonly photoId: string;

	constructor(photoId: string) {
		super(`photo ${photoId} is gone`);
		this.name = 'BytesLost';
		this.photoId = photoId;
	}
}

/**
 * Brings one photo to the server, from wherever it stands. Resolves to false when interrupted before its end. Throws
 * `Problem`, `Unreachable` or `BytesLost`; what has been sent stays sent.
 */
export async function upload(parts: UploadParts, photoId: string): Promise<boolean> {
	const photo = await parts.db.get('photos', photoId);
	if (!photo) throw new BytesLost(photoId);
	let row = (await parts.db.get('uploads', photoId)) ?? fresh(photo);
	if (row.url && row.offset < row.length) row = (await ask(parts, row)) ?? fresh(photo);
	for (let setbacks = 0, reached = row.offset; row.offset < row.length;) {
		// After a chunk at the earliest: whatever else happens, the photo gets on.
		if (row.offset > reached && parts.interrupted()) return false;
		const before = row;
		row = row.url === null ? await create(parts, photo) : await sendChunk(parts, photo, row, row.url);
		await note(parts.db, row);
		if (row.offset > before.offset || before.url === null) continue;
		if (++setbacks > setbacksAllowed) throw new Unreachable('not_our_server');
		reached = Math.min(reached, row.offset);
	}
	return true;
}

function fresh(photo: PhotoRow): UploadRow {
	return { photoId: photo.id, url: null, offset: 0, length: photo.bytes.byteLength };
}

async function note(db: Db, row: UploadRow): Promise<void> {
	await db.put('uploads', row);
	tell({ progress: { photoId: row.photoId, offset: row.offset, length: row.length } });
}

/** Creation. The server answers with an unfinished upload of the same photo, or a finished one, if it has it. */
async function create(parts: UploadParts, photo: PhotoRow): Promise<UploadRow> {
	const response = await tus(parts, 'POST', '/api/uploads', {
		'upload-length': String(photo.bytes.byteLength),
		'upload-metadata': `sha256 ${btoa(photo.sha256)},type ${btoa(photo.type)}`
	});
	const location = response.headers.get('location');
	if (response.status !== 201 || !location) throw await refused(response);
	const row = { ...fresh(photo), url: ownPath(location) };
	return { ...row, offset: offsetOf(response, row) ?? 0 };
}

/** Only the path: whatever host a proxy in between has made of it, we talk to our own. */
function ownPath(location: string): string {
	const url = new URL(location, 'https://own.invalid');
	return url.pathname + url.search;
}

/** How far it is by the server's count; null when the server does not have it any more. */
async function ask(parts: UploadParts, row: UploadRow): Promise<UploadRow | null> {
	const response = await tus(parts, 'HEAD', row.url ?? '', {});
	if (isGone(response)) return null;
	const offset = offsetOf(response, row);
	if (!response.ok || offset === null) throw await refused(response);
	return { ...row, offset };
}

/** The next 64 KB. What comes back stands further, or where the server says, or at the beginning. */
async function sendChunk(
	parts: UploadParts,
	photo: PhotoRow,
	row: UploadRow,
	url: string
): Promise<UploadRow> {
	const chunk = photo.bytes.slice(row.offset, row.offset + chunkBytes);
	const sum = await sha256(chunk);
	const response = await tus(
		parts,
		'PATCH',
		url,
		{
			'content-type': 'application/offset+octet-stream',
			'upload-offset': String(row.offset),
			'upload-checksum': `sha256 ${btoa(String.fromCharCode(...sum))}`
		},
		chunk
	);
	if (isGone(response)) return fresh(photo);
	// 460: damaged on the way (or in this phone). The server has dropped the chunk; all of it when it was the last.
	if (response.status === 460) await assertIntact(photo);
	// 409: it has more or less than we thought.
	if (response.status === 409 || response.status === 460) return (await ask(parts, row)) ?? fresh(photo);
	const offset = offsetOf(response, row);
	if (!response.ok || offset === null || offset <= row.offset) throw await refused(response);
	return { ...row, offset };
}

async function tus(
	parts: UploadParts,
	method: 'POST' | 'HEAD' | 'PATCH',
	path: string,
	headers: Record<string, string>,
	body?: ArrayBuffer
): Promise<Response> {
	const init: RequestInit = { headers: { ...headers, 'tus-resumable': '1.0.0' } };
	if (body) init.body = body;
	return parts.client.send(method, path, init, timeoutFor(body?.byteLength ?? 0));
}

/**
 * Expired, or not ours any more (a new session): creating it again finds it, or says in words what is wrong, which
 * the answer to a HEAD cannot.
 */
function isGone(response: Response): boolean {
	return [401, 403, 404, 410].includes(response.status);
}

async function assertIntact(photo: PhotoRow): Promise<void> {
	if ((await sha256Hex(photo.bytes)) !== photo.sha256) throw new BytesLost(photo.id);
}

/** A public network's sign-in page also says 200, but it does not speak tus. */
function ours(response: Response): boolean {
	return response.headers.get('tus-resumable') === '1.0.0';
}

function offsetOf(response: Response, row: UploadRow): number | null {
	const header = response.headers.get('upload-offset');
	if (!ours(response) || !header || !/^\d+$/.test(header)) return null;
	return Math.min(Number(header), row.length);
}

async function refused(response: Response): Promise<Error> {
	return response.ok ? new Unreachable('not_our_server', response.status) : refusal(response);
}
