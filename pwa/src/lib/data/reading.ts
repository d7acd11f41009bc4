/** Read markers: kept small, because they are written at every glance. */
import { writeStrict, type Db } from './db.ts';
import { addEntry, outboxStores } from './outbox.ts';
import { queued } from './signal.ts';

/** Up to `seq` the person has seen this thread. One marker waits per report, the furthest. */
export async function markRead(db: Db, reportId: string, seq: number): Promise<void> {
	const added = await writeStrict(db, [...outboxStores], async (tx) => {
		const own = await tx.objectStore('outbox').index('by_report').getAll(reportId);
		const markers = own.filter((entry) => entry.kind === 'read');
		if (markers.some((entry) => entry.payload.seq >= seq)) return false;
		for (const marker of markers) {
			if (marker.state === 'queued') await tx.objectStore('outbox').delete(marker.id);
		}
		await addEntry(tx, { kind: 'read', reportId, payload: { seq } });
		return true;
	});
	if (added) queued();
}

/** These notifications have been seen. */
export async function markNotificationsRead(db: Db, ids: readonly string[]): Promise<void> {
	const added = await writeStrict(db, [...outboxStores], async (tx) => {
		const waiting = (await tx.objectStore('outbox').getAll()).flatMap((entry) =>
			entry.kind === 'notification_read' ? entry.payload.ids : []
		);
		const fresh = ids.filter((id) => !waiting.includes(id));
		if (fresh.length > 0) await addEntry(tx, { kind: 'notification_read', payload: { ids: fresh } });
		return fresh.length > 0;
	});
	if (added) queued();
}
