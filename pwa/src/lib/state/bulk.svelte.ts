/** Moving many reports at once: what it would meet, doing it, and taking it back. */
import { api, Problem, Unreachable } from '#lib/api/client.ts';
import type { BulkItem, BulkOut, ReportState } from '#lib/api/types.ts';
import * as data from '#lib/data/bulk.ts';
import { database } from '#lib/data/db.ts';
import type { MoveInput } from '#lib/data/rows.ts';
import type { ReportView } from './reports.svelte.ts';

export { heldMs, mostMoves } from '#lib/data/bulk.ts';

/** Longer nobody waits for a look at what others did meanwhile; the server decides in any case. */
const patienceMs = 3_000;

/** Which of `rows` may be moved to `to`, as the server sees it now; without a connection, as the list has it. */
export async function previewMoves(rows: readonly ReportView[], to: ReportState): Promise<BulkItem[]> {
	try {
		const report_ids = rows.map((row) => row.id);
		const body = { to, report_ids };
		const answer = await api.request<BulkOut>('POST', '/api/desk/moves/preview', {
			body,
			timeoutMs: patienceMs
		});
		return answer.items;
	} catch (error) {
		if (error instanceof Unreachable || (error instanceof Problem && error.temporary)) {
			return rows.map((row) => asListed(row, to));
		}
		throw error;
	}
}

function asListed(row: ReportView, to: ReportState): BulkItem {
	const option = row.moves.find((one) => one.to === to);
	const begins = to === 'resolved' && row.state === 'accepted';
	return {
		report_id: row.id,
		code: row.code ?? '',
		state: row.state === 'queued' ? 'submitted' : row.state,
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
	const steps = items.map(({ report_id, state }) => ({
		reportId: report_id,
		moves: move.to === 'resolved' && state === 'accepted' ? [{ to: 'in_progress' as const }, move] : [move]
	}));
	return data.holdMoves(await database(), steps, until);
}

/** Takes back what has not left this device; resolves to the ids of entries that had. */
export async function undoMoves(ids: readonly string[]): Promise<string[]> {
	return data.takeBackMoves(await database(), ids);
}
