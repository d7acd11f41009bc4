import type { Answer } from '#lib/api/types.ts';
import { database, type Db } from '#lib/data/db.ts';
import { givenIn, shownAnswers, type Given } from './check.ts';

/** A report's answers as they stand: what this phone has not sent yet counts more than what the server knows. */
export async function answersOfReport(db: Db, id: string): Promise<Answer[]> {
	const report = (await db.get('reports', id)) ?? (await db.get('cases', id))?.report;
	let category = report?.category_id;
	let sent: Given | undefined;
	for (const { kind, payload, state } of await db.getAllFromIndex('outbox', 'by_report', id)) {
		if (state === 'done' || !(kind === 'edit' || (kind === 'report' && !report))) continue;
		if (payload.category_id) category = payload.category_id;
		if (payload.answers) sent = payload.answers.given;
	}
	if (!sent || !category) return report?.answers ?? [];
	return shownAnswers((await db.get('categories', category))?.questions ?? [], sent);
}

/** The same, to be changed. */
export async function answersNow(id: string): Promise<Given> {
	return givenIn(await answersOfReport(await database(), id));
}
