/** Moving many reports at once: what it would meet, doing it, and taking it back. */
import { api, Problem, Unreachable } from '#lib/api/client.ts';
import type { BulkItem, BulkOut, ReportState } from '#lib/api/types.ts';
import * as data from '#lib/data/bulk.ts';
import { database } from '#lib/data/db.ts';
import type { HandoverInput, MoveInput } from '#lib/data/rows.ts';
import type { ReportView } from './reports.svelte.ts';

export { heldMs, mostMoves } from '#lib/data/bulk.ts';

/** Longer nobody waits for a look at what others did meanwhile; the server decides in any case. */
const patienceMs = 3_000;

/** Which of `rows` may be moved to `to`, as the server sees it now; without a connection, as the list has it. */
export async function previewMoves(rows: readonly ReportView[], to: ReportState): Promise<BulkItem[]> {
	return preview('moves', { to }, rows, (row) => asListed(row, to));
}

/** Which of `rows` may be handed over to a department, in the same way. */
export async function previewHandovers(
	rows: readonly ReportView[],
	departmentId: string
): Promise<BulkItem[]> {
	return preview('handovers', { department_id: departmentId }, rows, (row) => ({
		...listed(row),
		possible: row.row?.passable === true && row.departmentId !== departmentId,
		at_department: row.departmentId === departmentId ? 'in_charge' : null
	}));
}

async function preview(
	what: 'moves' | 'handovers',
	wish: object,
	rows: readonly ReportView[],
	otherwise: (row: ReportView) => BulkItem
): Promise<BulkItem[]> {
	try {
		const body = { ...wish, report_ids: rows.map((row) => row.id) };
		const options = { body, timeoutMs: patienceMs };
		return (await api.request<BulkOut>('POST', `/api/desk/${what}/preview`, options)).items;
	} catch (error) {
		if (error instanceof Unreachable || (error instanceof Problem && error.temporary)) {
			return rows.map(otherwise);
		}
		throw error;
	}
}

function listed(row: ReportView): BulkItem {
	const state = row.state === 'queued' ? 'submitted' : row.state;
	return { report_id: row.id, code: row.code ?? '', state, possible: false, needs_photo: false };
}

function asListed(row: ReportView, to: ReportState): BulkItem {
	const option = row.moves.find((one) => one.to === to);
	const begins = to === 'resolved' && row.state === 'accepted';
	return {
		...listed(row),
		possible: option !== undefined || (begins && row.moves.some((one) => one.to === 'in_progress')),
		needs_photo: option?.needs_photo ?? false
	};
}

/** Queues the moves, held back until `until` (ms since 1970); resolves to the entries of each report. */
export async function moveMany(
	items: readonly BulkItem[],
	move: MoveInput,
	until: number
): Promise<Map<string, string[]>> {
	const all = items.map(({ report_id, state }) => {
		const begun = move.to === 'resolved' && state === 'accepted' ? [{ to: 'in_progress' as const }] : [];
		const steps = [...begun, move].map((payload) => ({ kind: 'move' as const, payload }));
		return { reportId: report_id, steps };
	});
	return data.holdSteps(await database(), all, until);
}

/** Queues hand-overs in the same way. */
export async function handOverMany(
	items: readonly BulkItem[],
	wish: HandoverInput,
	until: number
): Promise<Map<string, string[]>> {
	const all = items.map(({ report_id }) => ({
		reportId: report_id,
		steps: [{ kind: 'handover' as const, payload: wish }]
	}));
	return data.holdSteps(await database(), all, until);
}

/** Takes back what has not left this device; resolves to the ids of entries that had. */
export async function undoMoves(ids: readonly string[]): Promise<string[]> {
	return data.takeBackSteps(await database(), ids);
}
