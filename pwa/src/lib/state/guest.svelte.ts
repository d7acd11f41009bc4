/** Somebody without an account: their code, and beginning, coming back, handing over. */
import type { ConfigOut, GuestWard } from '#lib/api/types.ts';
import { i18n } from '#lib/i18n/index.ts';
import { database, getMeta } from '#lib/data/db.ts';
import * as guest from '#lib/data/guest.ts';
import { getConfig } from './entrance.ts';
import { Live } from './live.svelte.ts';

export { trackingCodeIn } from '#lib/data/guest.ts';

/** The tracking code of this phone; null when somebody has an account on it, or nobody began. */
export const trackingCode = new Live<string | null>(
	['meta', 'account'],
	async (db) => (await getMeta(db, 'guest'))?.code ?? null
);

/** Wards that take reports without an account, as last heard. */
export async function guestWards(): Promise<GuestWard[]> {
	const config: Partial<ConfigOut> | null = await getConfig();
	return config?.guest_wards ?? [];
}

/** Brings what a report there needs to this phone, as far as there is a line. */
export async function prepareFor(ward: GuestWard): Promise<void> {
	await guest.fetchCatalogue(await database(), ward.id).catch(() => undefined);
}

/** False: it needs a line once before. */
export async function beginAsGuest(ward: GuestWard): Promise<boolean> {
	const db = await database();
	const consent = (await getMeta(db, 'config'))?.consent_version ?? 1;
	return guest.beginAsGuest(db, ward, i18n.language, consent);
}

export async function openCode(code: string): Promise<void> {
	await guest.openCode(await database(), code, i18n.language);
}

export const claimCode = guest.claimCode;
