/** The number on the app's icon: what is unread in the in-app inbox. */
import type { Db } from './db.ts';

/** Notifications not read yet; what was read here counts as read at once. */
export async function countUnread(db: Db): Promise<number> {
	const read = new Set<string>();
	for (const entry of await db.getAll('outbox')) {
		if (entry.kind === 'notification_read') for (const id of entry.payload.ids) read.add(id);
	}
	return (await db.getAll('notifications')).filter((row) => !row.read_at && !read.has(row.id)).length;
}

/** Shows it, where the system has badges. */
export async function showBadge(db: Db): Promise<void> {
	if (!('setAppBadge' in navigator)) return;
	const unread = await countUnread(db);
	// Refused where the app is not installed.
	await (unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()).catch(() => undefined);
}
