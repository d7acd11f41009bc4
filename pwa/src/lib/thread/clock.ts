import { formatDate, formatDuration, formatWhen, t } from '#lib/i18n/index.ts';
import type { ReportView } from '#lib/state/reports.svelte.ts';

export interface ClockLine {
	text: string;
	/** `late`: the promise is broken. `still`: the clock stands. */
	kind: 'running' | 'late' | 'still';
}

type Timed = Pick<
	ReportView,
	'state' | 'mine' | 'acceptDueAt' | 'solveDueAt' | 'awaitingSince' | 'resolvedAt'
>;

/** The department's promise (W3) and whether it holds, in words; null when nothing is due. */
export function clockOf(report: Timed, now: number): ClockLine | null {
	if (report.state === 'resolved') return closesByItself(report);
	if (report.awaitingSince && !over.has(report.state)) {
		const text = report.mine
			? t('The clock stands until you answer.')
			: t('The clock stands until the reporter answers.');
		return { text, kind: 'still' };
	}
	const due = dueOf(report);
	if (!due) return null;
	const late = now - Date.parse(due);
	if (late > 0) return { text: t('Overdue by {duration}', { duration: formatDuration(late) }), kind: 'late' };
	const when = formatWhen(due, now);
	const text =
		report.state === 'submitted'
			? t('Answer due by {when}', { when })
			: t('To be solved by {when}', { when });
	return { text, kind: 'running' };
}

const over: ReadonlySet<string> = new Set(['resolved', 'closed', 'rejected', 'merged', 'withdrawn']);

function dueOf(report: Timed): string | null {
	if (report.state === 'submitted') return report.acceptDueAt;
	if (report.state === 'queued' || over.has(report.state)) return null;
	return report.solveDueAt;
}

/** Days of silence after which a solved report is closed (state machine). */
const silenceMs = 7 * 86_400_000;

function closesByItself(report: Timed): ClockLine | null {
	if (!report.mine || !report.resolvedAt) return null;
	const date = formatDate(Date.parse(report.resolvedAt) + silenceMs);
	return { text: t('Without your answer it closes by itself on {date}.', { date }), kind: 'still' };
}
