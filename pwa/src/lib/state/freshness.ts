import { getMeta } from '#lib/data/db.ts';
import { Live } from './live.svelte.ts';

/** When this phone last heard everything from the server (ms since 1970; null = never): "updated 14:05". */
export const freshness = new Live<number | null>(
	['meta'],
	async (db) => (await getMeta(db, 'syncedAt')) ?? null
);
