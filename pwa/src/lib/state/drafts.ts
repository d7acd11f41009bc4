/** What somebody has begun to report and not sent yet. */
import { photoIdsOf } from '#lib/data/files.ts';
import type { ReportDraft } from '#lib/data/rows.ts';
import { Live } from './live.svelte.ts';
import { localPhotos, type PhotoView } from './pictures.ts';

export interface DraftView extends ReportDraft {
	photos: PhotoView[];
}

/** Unfinished reports, the one touched last on top. Empty ones are not in it. */
export const drafts = new Live<DraftView[]>(['drafts', 'photos'], async (db) => {
	const rows = (await db.getAll('drafts')).filter((draft) => draft.kind === 'report');
	rows.sort((a, b) => b.updatedAt - a.updatedAt);
	return Promise.all(rows.map(async (row) => ({ ...row, photos: await localPhotos(db, photoIdsOf(row)) })));
});
