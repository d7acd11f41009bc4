/** Lists that a person at the desk keeps under a name: on the server, with what this device has not sent yet. */
import { api } from '#lib/api/client.ts';
import type { DeskFilters, DeskViewList } from '#lib/api/types.ts';
import { database, getMeta, setMeta, writeStrict } from '#lib/data/db.ts';
import { addEntry, enqueue, outboxStores } from '#lib/data/outbox.ts';
import { changed, queued } from '#lib/data/signal.ts';
import type { DeskView } from '#lib/data/rows.ts';
import { Live } from './live.svelte.ts';

export const deskViews = new Live<DeskView[]>(['meta', 'outbox'], async (db) => {
	const views: DeskView[] = [...((await getMeta(db, 'deskViews')) ?? [])];
	for (const entry of await db.getAllFromIndex('outbox', 'by_order')) {
		if (entry.state === 'needs_person') continue;
		if (entry.kind === 'desk_view' && !views.some((view) => view.id === entry.id)) {
			views.push({ id: entry.id, ...entry.payload });
		}
		if (entry.kind === 'desk_view_removal') {
			const at = views.findIndex((view) => view.id === entry.payload.id);
			if (at !== -1) views.splice(at, 1);
		}
	}
	return views;
});

/** Asks the server. Throws `Problem` or `Unreachable`; what was known stays. */
export async function fetchDeskViews(): Promise<void> {
	const { views } = await api.request<DeskViewList>('GET', '/api/desk/views');
	await setMeta(await database(), 'deskViews', views);
	changed('meta');
}

/** Keeps a list; resolves to its id. */
export async function saveDeskView(name: string, filters: DeskFilters): Promise<string> {
	const db = await database();
	const { id } = await enqueue(db, { kind: 'desk_view', payload: { name, filters } });
	const known = (await getMeta(db, 'deskViews')) ?? [];
	await setMeta(db, 'deskViews', [...known, { id, name, filters }]);
	changed('meta');
	return id;
}

/** Lets a list go: one that was never sent at once, another on the server, too. */
export async function removeDeskView(id: string): Promise<void> {
	const db = await database();
	await writeStrict(db, [...outboxStores], async (tx) => {
		const outbox = tx.objectStore('outbox');
		const saving = await outbox.get(id);
		if (saving && (saving.state === 'needs_person' || saving.attempts === 0)) {
			await outbox.delete(id);
			return;
		}
		const entry = await addEntry(tx, { kind: 'desk_view_removal', payload: { id } });
		// Behind the saving, should that still be on its way.
		await outbox.put({ ...entry, lane: id });
	});
	const known = (await getMeta(db, 'deskViews')) ?? [];
	await setMeta(
		db,
		'deskViews',
		known.filter((view) => view.id !== id)
	);
	queued('meta');
}
