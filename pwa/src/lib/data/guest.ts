/**
 * Reporting without an account (R8): the phone makes a tracking code, and that is all that is known of the person. It
 * is made before there is any line; the first drain brings it to the server.
 */
import { api, type Client } from '#lib/api/client.ts';
import type { GuestCatalogue, GuestWard, Language, MeOut } from '#lib/api/types.ts';
import { isMe, settleIn } from './account.ts';
import { getMeta, setMeta, writeStrict, type Db } from './db.ts';
import type { GuestPass } from './rows.ts';
import { changed, tell } from './signal.ts';

/** Crockford's base 32: no I, L, O, U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 60 bits. */
export const codeLength = 12;

export function newTrackingCode(): string {
	return Array.from(
		crypto.getRandomValues(new Uint8Array(codeLength)),
		(byte) => alphabet[byte % alphabet.length]
	).join('');
}

/** The bare code in what somebody typed, pasted or opened; '' when it is none. */
export function trackingCodeIn(text: string): string {
	const bare = text
		.slice(text.lastIndexOf('#') + 1)
		.toUpperCase()
		.replace(/[\s-]/g, '')
		.replace(/O/g, '0')
		.replace(/[IL]/g, '1')
		.replace(/U/g, 'V');
	return bare.length === codeLength && [...bare].every((letter) => alphabet.includes(letter)) ? bare : '';
}

/** Fetches what a report in that ward needs, to be at hand without a line. Throws `Problem` or `Unreachable`. */
export async function fetchCatalogue(db: Db, wardId: string): Promise<void> {
	const catalogue = await api.request<GuestCatalogue>('GET', `/api/guests/wards/${wardId}`, {}, isCatalogue);
	await setMeta(db, 'guestCatalogue', { wardId, ...catalogue });
}

/** From now on this phone belongs to a guest of that ward. False: what it needs for that has not come yet. */
export async function beginAsGuest(
	db: Db,
	ward: GuestWard,
	language: Language,
	consentVersion: number
): Promise<boolean> {
	const catalogue = await getMeta(db, 'guestCatalogue');
	if (catalogue?.wardId !== ward.id) return false;
	const me: MeOut = {
		id: crypto.randomUUID(),
		name: '',
		language,
		neighbourhood_id: null,
		ward_id: ward.id,
		country: ward.country,
		// None yet: nothing is asked of the server in this name.
		session_id: '',
		consent_version: consentVersion,
		guest: true,
		phone: null,
		grants: []
	};
	const pass: GuestPass = {
		code: newTrackingCode(),
		wardId: ward.id,
		sessionId: crypto.randomUUID(),
		arrived: false
	};
	const stores = ['account', 'areas', 'categories', 'departments', 'meta'] as const;
	await writeStrict(db, [...stores], async (tx) => {
		for (const row of catalogue.area) await tx.objectStore('areas').put(row);
		for (const row of catalogue.category) await tx.objectStore('categories').put(row as never);
		for (const row of catalogue.department) await tx.objectStore('departments').put(row);
		await tx.objectStore('account').put(me, 'me');
		await tx.objectStore('meta').put(pass, 'guest');
		await tx.objectStore('meta').delete('guestCatalogue');
	});
	changed(...stores);
	return true;
}

/** Brings the code to the server, or comes back with it. Throws `Problem` or `Unreachable`. */
export async function arrive(db: Db, client: Client, pass: GuestPass): Promise<void> {
	const before = await db.get('account', 'me');
	const body = {
		code: pass.code,
		ward_id: pass.wardId,
		language: before?.language ?? 'vi',
		consent_version: before?.consent_version ?? 1
	};
	const me = await client.request('PUT', `/api/guests/sessions/${pass.sessionId}`, { body }, isMe);
	await writeStrict(db, ['account', 'meta'], async (tx) => {
		await tx.objectStore('account').put(me, 'me');
		await tx.objectStore('meta').put({ ...pass, arrived: true }, 'guest');
		await tx.objectStore('meta').delete('paused');
	});
	tell({ changed: ['account', 'meta'], signedIn: true });
}

/** Makes this phone that of whoever has the code. Throws `Problem` (not_found, quota_exceeded) or `Unreachable`. */
export async function openCode(db: Db, code: string, language: Language): Promise<void> {
	const sessionId = crypto.randomUUID();
	const body = { code, language, consent_version: 1 };
	const me = await api.request('PUT', `/api/guests/sessions/${sessionId}`, { body }, isMe);
	await settleIn(db, me);
	await setMeta(db, 'guest', { code, wardId: me.ward_id ?? '', sessionId, arrived: true });
	changed('meta');
}

/** What was reported under a code becomes the signed-in person's. Throws as `openCode`. */
export async function claimCode(code: string): Promise<void> {
	await api.request('PUT', '/api/me/guest', { body: { code } });
}

function isCatalogue(answer: unknown): answer is GuestCatalogue {
	return typeof answer === 'object' && answer !== null && 'area' in answer && 'category' in answer;
}
