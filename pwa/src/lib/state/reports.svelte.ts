/** Reports as screens show them: the server's rows with what this phone has not sent yet laid over them. */
import type { LocatedBy, MoveOption, Names, ReportOut, ReportState } from '#lib/api/types.ts';
import type { Db } from '#lib/data/db.ts';
import type { OutboxEntry, Payloads } from '#lib/data/rows.ts';
import { deliveryOf, type Delivery } from './delivery.ts';
import { Live, liveBy } from './live.svelte.ts';
import { serverPhotos, type PhotoView, type VoiceView } from './pictures.ts';

export interface ReportView {
	id: string;
	/** The short code people read out; null until received. */
	code: string | null;
	mine: boolean;
	reporterName: string | null;
	/** `queued`: only on this phone so far. */
	state: ReportState | 'queued';
	/** The state a move in the outbox asks for. */
	wanted: ReportState | null;
	categoryId: string;
	categoryNames: Names | null;
	categoryIcon: string | null;
	categoryColour: string | null;
	departmentId: string | null;
	departmentNames: Names | null;
	neighbourhoodId: string | null;
	neighbourhoodName: string | null;
	description: string;
	address: string;
	lat: number | null;
	lon: number | null;
	accuracyM: number | null;
	locatedBy: LocatedBy;
	outside: boolean;
	urgent: boolean;
	private: boolean;
	createdAt: string;
	updatedAt: string;
	acceptDueAt: string | null;
	solveDueAt: string | null;
	awaitingSince: string | null;
	acceptedAt: string | null;
	resolvedAt: string | null;
	closedAt: string | null;
	reason: string | null;
	mergedInto: string | null;
	appealed: boolean;
	photos: PhotoView[];
	voice: VoiceView | null;
	lastSeq: number;
	/** Rows of the thread this person has not read. */
	unread: number;
	seenByDepartmentSeq: number;
	seenByReporterSeq: number;
	/** The server's own row, for what only one screen shows; null: it knows nothing of it yet. */
	row: ReportOut | null;
	/** What this person may do now; empty while a move waits in the outbox. */
	moves: MoveOption[];
	/** The author may still change it (R12). */
	editable: boolean;
	/** Of the report itself; null once the server has all of it. */
	delivery: Delivery | null;
	/** Entries of this report whose effect the server's row does not show yet, sent or not. */
	pending: OutboxEntry[];
	/** How many of them the server does not have yet, or wants corrected. */
	waiting: number;
	needsPerson: boolean;
}

const stores = ['reports', 'cases', 'outbox', 'uploads', 'categories', 'account'] as const;

export const reports = {
	/** This person's own, newest first; those still on the phone on top. */
	mine: () => mine,
	/** All of the neighbourhood this person heads. */
	inMyArea: () => inMyArea,
	/** One report: own, of the area, or a case the desk has opened. `null`: not on this phone. */
	get: liveBy<ReportView | null>(stores, getReport)
};

const mine = new Live<ReportView[]>(stores, async (db) => {
	const rows = (await db.getAll('reports')).filter((report) => report.mine);
	return listed(db, rows, true);
});

const inMyArea = new Live<ReportView[]>(stores, async (db) => {
	const me = await db.get('account', 'me');
	const headed = new Set(me?.grants.filter((grant) => grant.role === 'head').map((grant) => grant.scope_id));
	const rows = (await db.getAll('reports')).filter((report) => headed.has(report.neighbourhood_id));
	return listed(db, rows, false);
});

async function listed(db: Db, rows: ReportOut[], withQueued: boolean): Promise<ReportView[]> {
	const entries = await db.getAllFromIndex('outbox', 'by_order');
	const known = new Set(rows.map((report) => report.id));
	const queued = withQueued
		? entries.filter((entry) => entry.kind === 'report' && !known.has(entry.id)).reverse()
		: [];
	rows.sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
	return Promise.all([
		...queued.map((entry) => queuedReport(db, entry, entries)),
		...rows.map((report) => knownReport(db, report, entries))
	]);
}

async function getReport(db: Db, id: string): Promise<ReportView | null> {
	const entries = await db.getAllFromIndex('outbox', 'by_order');
	const report = (await db.get('reports', id)) ?? (await db.get('cases', id))?.report;
	if (report) return knownReport(db, report, entries);
	const entry = entries.find((one) => one.kind === 'report' && one.id === id);
	return entry ? queuedReport(db, entry, entries) : null;
}

/** Few phones have one waiting when the app starts. */
async function queuedReport(
	db: Db,
	entry: OutboxEntry,
	entries: readonly OutboxEntry[]
): Promise<ReportView> {
	const views = await import('./queuedReport.ts');
	return views.queuedReport(db, entry, entries);
}

/** A row of the server's, with this phone's unsent changes laid over it. */
export async function knownReport(
	db: Db,
	report: ReportOut,
	entries: readonly OutboxEntry[]
): Promise<ReportView> {
	const own = entries.filter((entry) => entry.reportId === report.id);
	const pending = own.filter((entry) => entry.state !== 'done');
	const sent = own.find((entry) => entry.kind === 'report');
	const move = pending.findLast((entry) => entry.kind === 'move' && entry.state !== 'needs_person');
	const edits = pending.filter((entry) => entry.kind === 'edit').map((entry) => entry.payload);
	const edited = Object.assign({ ...report }, ...edits) as ReportOut;
	const category = edits.length > 0 ? await db.get('categories', edited.category_id) : null;
	const read = Math.max(report.my_read_seq, ...readsOf(pending));
	const moves = move ? [] : report.moves;
	return {
		id: report.id,
		code: report.code,
		mine: report.mine,
		reporterName: report.reporter_name,
		state: report.state,
		wanted: move ? (move.payload as Payloads['move']).to : null,
		categoryId: edited.category_id,
		categoryNames: category?.names ?? report.category_names,
		categoryIcon: category?.icon ?? report.category_icon,
		categoryColour: category?.colour ?? report.category_colour,
		departmentId: report.department_id,
		departmentNames: report.department_names,
		neighbourhoodId: report.neighbourhood_id,
		neighbourhoodName: report.neighbourhood_name,
		description: edited.description,
		address: edited.address,
		lat: edited.lat,
		lon: edited.lon,
		accuracyM: edited.accuracy_m,
		locatedBy: edited.located_by,
		outside: report.outside,
		urgent: report.urgent,
		private: report.private,
		createdAt: report.created_at,
		updatedAt: report.updated_at,
		acceptDueAt: report.accept_due_at,
		solveDueAt: report.solve_due_at,
		awaitingSince: report.awaiting_since,
		acceptedAt: report.accepted_at,
		resolvedAt: report.resolved_at,
		closedAt: report.closed_at,
		reason: report.reason,
		mergedInto: report.merged_into,
		appealed: report.appealed,
		photos: await serverPhotos(db, report.photos, sent),
		voice: report.voice ?? null,
		lastSeq: report.last_seq,
		unread: Math.max(0, report.last_seq - read),
		seenByDepartmentSeq: report.seen_by_department_seq,
		seenByReporterSeq: report.seen_by_reporter_seq,
		row: report,
		moves,
		editable: report.mine && report.state === 'submitted' && !move,
		delivery: sent && sent.state !== 'done' ? await deliveryOf(db, sent) : null,
		pending: own,
		waiting: pending.filter((entry) => entry.kind !== 'read').length,
		needsPerson: pending.some((entry) => entry.state === 'needs_person')
	};
}

function readsOf(pending: readonly OutboxEntry[]): number[] {
	return pending.flatMap((entry) => (entry.kind === 'read' ? [entry.payload.seq] : []));
}
