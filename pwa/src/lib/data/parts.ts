import { api } from '#lib/api/client.ts';
import { database } from './db.ts';
import type { DrainParts } from './drain.ts';
import { photosAllowed } from './storage.ts';
import type { SyncParts } from './sync.ts';

/** Everything the data layer needs, as it is in this page or worker. */
export async function liveParts(): Promise<DrainParts & SyncParts> {
	const db = await database();
	return {
		db,
		client: api,
		locks: navigator.locks,
		now: Date.now,
		random: Math.random,
		photosAllowed: () => photosAllowed(db)
	};
}
