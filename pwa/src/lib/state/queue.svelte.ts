/** What waits on this phone, as one list, and whether it is held up. */
import type { Kind } from '#lib/data/rows.ts';
import { getMeta } from '#lib/data/db.ts';
import { deliveryOf, type Delivery } from './delivery.ts';
import { Live } from './live.svelte.ts';

export interface QueueItem extends Delivery {
	kind: Kind;
	reportId: string | null;
	createdAt: number;
}

export interface QueueView {
	/** Oldest first; done ones are not in it. */
	items: QueueItem[];
	needsPerson: number;
	/** 'signed_out': nothing is sent until the person signs in again on this device. */
	paused: 'signed_out' | null;
	/** Last full exchange with the server, ms since 1970; null = never. */
	syncedAt: number | null;
}

/** `queue.current`. Small background entries (read markers) are in it too: filter by `kind` where they do not matter. */
export const queue = new Live<QueueView>(['outbox', 'uploads', 'meta'], async (db) => {
	const entries = (await db.getAllFromIndex('outbox', 'by_order')).filter((entry) => entry.state !== 'done');
	const items = await Promise.all(
		entries.map(async (entry) => ({
			...(await deliveryOf(db, entry)),
			kind: entry.kind,
			reportId: entry.reportId,
			createdAt: entry.createdAt
		}))
	);
	return {
		items,
		needsPerson: items.filter((item) => item.state === 'needs_person').length,
		paused: (await getMeta(db, 'paused')) ?? null,
		syncedAt: (await getMeta(db, 'syncedAt')) ?? null
	};
});
