/** Similar reports close by, before one more is sent (R6): asked online, else looked for on this phone. */
import { api } from '#lib/api/client.ts';
import type { NearbyList, NearbyOut } from '#lib/api/types.ts';
import { database, writeStrict } from '#lib/data/db.ts';
import { addEntry, outboxStores } from '#lib/data/outbox.ts';
import type { ReportDraft } from '#lib/data/rows.ts';
import { queued } from '#lib/data/signal.ts';
import { distanceM } from '#lib/geo/distance.ts';

/** Longer than that nobody waits who only wants to report something. */
const patienceMs = 2_500;
/** On the phone the category's own reach is not known. */
const reachM = 100;
const ended: ReadonlySet<string> = new Set(['closed', 'rejected', 'merged', 'withdrawn']);

/** The most likely first; none where the draft has no point. Never throws. */
export async function findNearby(draft: ReportDraft): Promise<NearbyOut[]> {
	const { category_id, lat, lon } = draft;
	if (!category_id || lat === null || lon === null) return [];
	const asked = new URLSearchParams({
		category_id,
		lat: String(lat),
		lon: String(lon),
		text: draft.description
	});
	try {
		const path = `/api/reports/nearby?${asked}` as const;
		const found = await api.request<NearbyList>('GET', path, { timeoutMs: patienceMs }, isList);
		return found.reports;
	} catch {
		return onThisPhone(category_id, { lat, lon });
	}
}

async function onThisPhone(category: string, at: { lat: number; lon: number }): Promise<NearbyOut[]> {
	const found: NearbyOut[] = [];
	for (const report of await (await database()).getAll('reports')) {
		if (report.category_id !== category || report.private || ended.has(report.state)) continue;
		if (report.lat === null || report.lon === null) continue;
		const metres = distanceM(at, { lat: report.lat, lon: report.lon });
		if (metres > reachM) continue;
		found.push({
			...report,
			distance_m: Math.round(metres),
			photo_id: report.photos.find((photo) => photo.state === 'ready')?.id ?? null
		});
	}
	return found.sort((a, b) => a.distance_m - b.distance_m);
}

function isList(answer: unknown): answer is NearbyList {
	return typeof answer === 'object' && answer !== null && 'reports' in answer;
}

/**
 * "That is it, I see it too": instead of the draft, whose photos wait with the entry until the server has agreed.
 * Throws `StorageFull`.
 */
export async function joinReport(reportId: string, draft: ReportDraft): Promise<void> {
	const db = await database();
	await writeStrict(db, [...outboxStores], async (tx) => {
		const kept = await tx.objectStore('drafts').get(draft.id);
		await tx.objectStore('drafts').delete(draft.id);
		await addEntry(tx, {
			kind: 'join',
			reportId,
			photoIds: kept?.photoIds ?? draft.photoIds,
			payload: { device_created_at: new Date().toISOString(), instead: draft }
		});
	});
	queued('drafts');
}
