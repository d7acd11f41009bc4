import { formatDuration, t } from '#lib/i18n/index.ts';
import type { ReportView } from '#lib/state/index.ts';

export interface Deadline {
	text: string;
	/** `soon`: less than two hours. `late`: the promise is broken. `still`: the clock stands. */
	kind: 'running' | 'soon' | 'late' | 'still';
}

type Timed = Pick<ReportView, 'state' | 'acceptDueAt' | 'solveDueAt' | 'awaitingSince'>;

const soonMs = 2 * 3_600_000;
const over: ReadonlySet<string> = new Set([
	'queued',
	'resolved',
	'closed',
	'rejected',
	'merged',
	'withdrawn'
]);

/** How much time is left, for those who must act: "Accept within 3 hours". Null when nobody is waited for. */
export function deadlineOf(report: Timed, now: number): Deadline | null {
	if (over.has(report.state)) return null;
	if (report.awaitingSince) return { text: t('The clock stands'), kind: 'still' };
	const accepting = report.state === 'submitted';
	const due = accepting ? report.acceptDueAt : report.solveDueAt;
	if (!due) return null;
	const left = Date.parse(due) - now;
	const duration = formatDuration(Math.abs(left));
	if (left < 0) return { text: t('Overdue by {duration}', { duration }), kind: 'late' };
	return {
		text: accepting
			? t('Accept within {duration}', { duration })
			: t('Solve within {duration}', { duration }),
		kind: left < soonMs ? 'soon' : 'running'
	};
}
