/** A report that only this phone knows, as screens show it. */
import type { Db } from '#lib/data/db.ts';
import type { OutboxEntry, Payloads } from '#lib/data/rows.ts';
import { deliveryOf } from './delivery.ts';
import { entryPhotos, entryVoice } from './pictures.ts';
import type { ReportView } from './reports.svelte.ts';

export async function queuedReport(
	db: Db,
	entry: OutboxEntry,
	entries: readonly OutboxEntry[]
): Promise<ReportView> {
	const payload = entry.payload as Payloads['report'];
	const category = await db.get('categories', payload.category_id);
	const area = payload.area_id ? await db.get('areas', payload.area_id) : undefined;
	const own = entries.filter((one) => one.reportId === entry.id && one.state !== 'done');
	const createdAt = new Date(entry.createdAt).toISOString();
	return {
		id: entry.id,
		code: entry.code,
		mine: true,
		reporterName: null,
		state: entry.receivedAt ? 'submitted' : 'queued',
		wanted: null,
		categoryId: payload.category_id,
		categoryNames: category?.names ?? null,
		categoryIcon: category?.icon ?? null,
		categoryColour: category?.colour ?? null,
		departmentId: null,
		departmentNames: null,
		neighbourhoodId: payload.area_id ?? null,
		neighbourhoodName: area?.name ?? null,
		description: payload.description ?? '',
		address: payload.address ?? '',
		lat: payload.lat ?? null,
		lon: payload.lon ?? null,
		accuracyM: payload.accuracy_m ?? null,
		locatedBy: payload.located_by,
		outside: false,
		urgent: category?.urgent ?? false,
		private: category?.private ?? false,
		createdAt,
		updatedAt: createdAt,
		acceptDueAt: null,
		solveDueAt: null,
		awaitingSince: null,
		acceptedAt: null,
		resolvedAt: null,
		closedAt: null,
		reason: null,
		mergedInto: null,
		appealed: false,
		photos: await entryPhotos(db, entry),
		voice: entryVoice(entry),
		lastSeq: 0,
		unread: 0,
		seenByDepartmentSeq: 0,
		seenByReporterSeq: 0,
		row: null,
		moves: [],
		editable: entry.state === 'queued' && entry.attempts === 0,
		delivery: entry.state === 'done' ? null : await deliveryOf(db, entry),
		pending: own,
		waiting: own.length,
		needsPerson: own.some((one) => one.state === 'needs_person')
	};
}
