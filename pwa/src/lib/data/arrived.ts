/** What becomes of an entry once the replica shows what it made. Apart from `outbox.ts`: every pull needs it. */
import type { Db } from './db.ts';
import { changed } from './signal.ts';

/** Forgets done entries whose row the replica (or an opened case) now holds. */
export async function dropArrived(db: Db, arrived: ReadonlySet<string>): Promise<void> {
	if (arrived.size === 0) return;
	const gone = (await db.getAll('outbox')).filter((entry) => entry.state === 'done' && arrived.has(entry.id));
	if (gone.length === 0) return;
	const tx = db.transaction('outbox', 'readwrite');
	await Promise.all([...gone.map((entry) => tx.store.delete(entry.id)), tx.done]);
	changed('outbox');
}
