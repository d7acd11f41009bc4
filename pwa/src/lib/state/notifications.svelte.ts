/** The in-app inbox (N2). */
import type { NotificationOut } from '#lib/api/types.ts';
import { Live } from './live.svelte.ts';

export interface InboxView {
	/** Newest first. */
	items: NotificationOut[];
	unread: number;
}

/** `notifications.current`; what was read here counts as read at once. */
export const notifications = new Live<InboxView>(['notifications', 'outbox'], async (db) => {
	const read = new Set<string>();
	for (const entry of await db.getAll('outbox')) {
		if (entry.kind === 'notification_read') for (const id of entry.payload.ids) read.add(id);
	}
	const items = (await db.getAll('notifications'))
		.map((row) => (read.has(row.id) && !row.read_at ? { ...row, read_at: new Date().toISOString() } : row))
		.sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
	return { items, unread: items.filter((row) => !row.read_at).length };
});
