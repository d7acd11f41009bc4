/** System events of a thread in one plain sentence, for whoever looks at it. */
import { formatNumber, formatPlace, t } from '#lib/i18n/index.ts';
import type { ReportState, ThreadItem } from '#lib/state/index.ts';

interface Circumstances {
	/** The reader wrote the report. */
	mine: boolean;
	/** Of the department with that id, in the reader's language; '' when unknown. */
	department: (id: string | null | undefined) => string;
}

export function eventWords(item: ThreadItem, around: Circumstances): string {
	const event = item.event;
	if (!event) return '';
	switch (event.type) {
		case 'created':
			return t('The report has been received.');
		case 'routed': {
			const name = around.department(event.department_id);
			return name
				? t('Passed to: {department}', { department: name })
				: t('Waiting for a department to be found.');
		}
		case 'question':
			return around.mine
				? t('A question for you: the clock stands until you answer.')
				: t('A question to the reporter: the clock stands until the answer.');
		case 'answered':
			return t('The question is answered. The clock runs again.');
		case 'edited':
			return t('The report was changed.');
		case 'warned':
			return event.clock === 'accept'
				? t('Most of the time to accept the report has passed.')
				: t('Most of the time to solve it has passed.');
		case 'breached':
			return event.clock === 'accept'
				? t('The time to accept the report is over.')
				: t('The time to solve it is over.');
		case 'escalated':
			return t('The time is over: the supervisor has been told.');
		case 'nudged':
			return around.mine ? t('You asked where it stands.') : t('The reporter asks where it stands.');
		case 'approved':
			return t('Approved: may be shown to the neighbours.');
		case 'hidden':
			return t('Not shown to the neighbours. Reason: {reason}', { reason: event.reason ?? '' });
		case 'verified':
			return t('Looked at on site.');
		case 'corrected':
			return t('Kind or place was corrected. Reason: {reason}', { reason: event.reason ?? '' });
		case 'appealed':
			return around.mine
				? t('You asked the ward to look again: {reason}', { reason: event.reason ?? '' })
				: t('The reporter asks the ward to look again: {reason}', { reason: event.reason ?? '' });
		case 'rated': {
			const stars = formatNumber(event.stars ?? 0);
			return around.mine
				? t('You said how it went: {stars} of 5.', { stars })
				: t('The reporter said how it went: {stars} of 5.', { stars });
		}
		case 'handed':
			return t('Handed over to: {department}', {
				department: around.department(event.department_id) || t('another department')
			});
		case 'passed_around':
			return t('Departments hand this to and fro. The dispatcher has been told and decides.');
		case 'split': {
			const names = (event.department_ids ?? []).map(around.department).filter(Boolean);
			return t('Also working on it: {departments}', { departments: formatPlace(...names) });
		}
		case 'part_done':
			return t('{department} has done its part.', {
				department: around.department(event.department_id) || t('A department')
			});
		case 'moved':
			return movedWords(item, event.to ?? null, event.from ?? null, around.mine);
	}
}

function movedWords(
	item: ThreadItem,
	to: ReportState | null,
	from: ReportState | null,
	mine: boolean
): string {
	switch (to) {
		case 'accepted':
			return t('The department has accepted the report.');
		case 'in_progress':
			return from === 'awaiting_reporter' ? t('The work goes on.') : t('The work has begun.');
		case 'awaiting_reporter':
			return mine ? t('The department waits for your answer.') : t('The department waits for the reporter.');
		case 'resolved':
			return t('The department says: it is done.');
		case 'closed':
			if (item.side === 'system') return t('Closed by itself: there was no answer for 7 days.');
			return item.mine ? t('You said: it is fixed.') : t('The reporter said: it is fixed.');
		case 'disputed':
			return item.mine ? t('You said: it is not fixed.') : t('The reporter said: it is not fixed.');
		case 'rejected':
			return t('The report was not taken on.');
		case 'merged':
			return t('The report was joined with another one about the same thing.');
		case 'withdrawn':
			return item.mine ? t('You withdrew the report.') : t('The reporter withdrew the report.');
		case 'submitted':
			if (from === 'merged') return t('Taken apart from the other report: it begins anew.');
			return item.mine ? t('You asked to look at it again.') : t('The reporter asked to look at it again.');
		default:
			return t('The report has moved on.');
	}
}
