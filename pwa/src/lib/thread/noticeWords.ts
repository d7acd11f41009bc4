import { t } from '#lib/i18n/index.ts';
import type { NotificationOut, ReportState } from '#lib/state/index.ts';

/** An item of the inbox in words: what has happened, for the author of the report or for those who look after it. */
export function noticeWords(item: Pick<NotificationOut, 'kind' | 'detail'>, mine: boolean): string {
	switch (item.kind) {
		case 'report_new':
			return t('A new report has come in');
		case 'message':
			return t('New message');
		case 'question':
			return t('A question for you');
		case 'answer':
			return t('Your question was answered');
		case 'state':
			return stateWords(item.detail as ReportState | null, mine);
		case 'deadline':
			return deadlineWords(item.detail);
		case 'followed':
			return followedNotice(item.detail as ReportState | null);
		case 'moderated':
			return decisionNotice(item.detail);
		case 'crisis':
			return t('Emergency where you live: a message from the ward');
		case 'nudge':
			return t('The reporter asks where it stands.');
		case 'handover':
			if (item.detail === 'passed_around') return t('Departments hand a report to and fro');
			return mine ? t('Another department has your report now') : t('A report was handed over to you');
		case 'part':
			if (item.detail === 'done') return t('A department has done its part');
			return mine ? t('Several departments work on your report') : t('There is a part for you to do');
	}
}

function followedNotice(state: ReportState | null): string {
	if (state === 'resolved') return t('What you see, too: the department says it is done.');
	if (state === 'closed') return t('What you see, too: it is closed.');
	if (state === 'rejected') return t('What you see, too: it was not taken on.');
	return t('What you see, too: there is news.');
}

function decisionNotice(detail: string | null): string {
	if (detail === 'hide') return t('Your report is not shown to the neighbours. Read why.');
	if (detail === 'correct') return t('Kind or place of your report was corrected. Read why.');
	if (detail === 'appeal') return t('A reporter asks the ward to look at a decision again');
	return t('Your report may be shown to the neighbours again.');
}

function deadlineWords(detail: string | null): string {
	if (detail?.endsWith('_warning')) return t('The time for a report is running out');
	if (detail?.endsWith('_escalation')) return t('A report has been late for a long time');
	return t('The time for a report is over');
}

function stateWords(state: ReportState | null, mine: boolean): string {
	switch (state) {
		case 'submitted':
			return mine
				? t('Your report is looked at on its own again.')
				: t('The reporter asked to look at it again.');
		case 'accepted':
			return t('The department has accepted the report.');
		case 'in_progress':
			return t('The work has begun.');
		case 'awaiting_reporter':
			return mine ? t('The department waits for your answer.') : t('The department waits for the reporter.');
		case 'resolved':
			return mine ? t('It should be fixed now. Is it?') : t('The department says: it is done.');
		case 'disputed':
			return t('The reporter said: it is not fixed.');
		case 'closed':
			return t('The report is closed.');
		case 'rejected':
			return t('The report was not taken on.');
		case 'merged':
			return t('The report was joined with another one about the same thing.');
		case 'withdrawn':
			return t('The reporter withdrew the report.');
		default:
			return t('The report has moved on.');
	}
}
