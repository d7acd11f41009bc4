/** An entry of a case's trail in one plain sentence, for whoever inspects it. */
import { formatList, formatNumber, N_, t } from '#lib/i18n/index.ts';
import { nameIn } from '#lib/i18n/names.ts';
import type { HistoryEntry, HistoryOut, Role } from '#lib/state/index.ts';
import { lookOf, reportStates, type ReportState } from '#lib/ui/states.ts';

export const roleNames: Readonly<Record<Role, string>> = {
	resident: N_('Reporter'),
	head: N_('Neighbourhood head'),
	officer: N_('Officer'),
	dispatcher: N_('Dispatcher'),
	leader: N_('Leader'),
	inspector: N_('Inspector'),
	admin: N_('Administrator')
};

/** Who did it: name of staff, role, department; of residents the role only. */
export function whoWords(entry: HistoryEntry, departments: HistoryOut['departments']): string {
	if (!entry.by_role) return t('The system');
	const department = entry.by_department_id ? nameIn(departments[entry.by_department_id]) : '';
	return formatList([entry.name ?? '', t(roleNames[entry.by_role]), department].filter(Boolean), 'unit');
}

const changed: Readonly<Record<string, string>> = {
	category_id: N_('kind of problem'),
	description: N_('description'),
	lat: N_('place'),
	address: N_('address'),
	department_id: N_('department'),
	answers: N_('answers'),
	solve_due_at: N_('deadline')
};

export function entryWords(entry: HistoryEntry, departments: HistoryOut['departments']): string {
	const { details } = entry;
	const accepting = details['clock'] === 'accept';
	switch (entry.action.replace(/^report\./, '')) {
		case 'created':
			return t('The report has been received.');
		case 'message':
			return details['question'] ? t('A question to the reporter was written.') : t('A message was written.');
		case 'note':
			return t('An internal note was written.');
		case 'edited':
			return editedWords(details['changed']);
		case 'recounted':
			return t('The deadlines were counted anew.');
		case 'routed':
			return routedWords(details['department_id'], departments);
		case 'question':
			return t('A question to the reporter: the clock stands until the answer.');
		case 'answered':
			return t('The question is answered. The clock runs again.');
		case 'warned':
			return accepting
				? t('Most of the time to accept the report has passed.')
				: t('Most of the time to solve it has passed.');
		case 'breached':
			return accepting ? t('The time to accept the report is over.') : t('The time to solve it is over.');
		case 'escalated':
			return t('The time is over: the supervisor has been told.');
		case 'nudged':
			return t('The reporter asks where it stands.');
		case 'moved':
			return t('From “{from}” to “{to}”', {
				from: stateWord(details['source']),
				to: stateWord(details['to'])
			});
		default:
			return laterWords(entry, departments);
	}
}

function laterWords(entry: HistoryEntry, departments: HistoryOut['departments']): string {
	const { details } = entry;
	switch (entry.action) {
		case 'report.handed':
			return routedWords(details['department_id'], departments);
		case 'report.split': {
			const ids = Array.isArray(details['department_ids']) ? details['department_ids'] : [];
			const names = ids.map((id) => nameIn(departments[id])).filter(Boolean);
			return t('Divided among: {departments}', { departments: formatList(names) });
		}
		case 'report.part_done':
			return t('A department has finished its part.');
		case 'report.passed_around':
			return t('Departments hand it to and fro: the dispatcher has been told.');
		case 'report.joined':
			return t('Somebody else sees it, too.');
		case 'report.left':
			return t('Somebody else stopped following it.');
		case 'report.rated':
			return t('The reporter’s rating: {stars} of 5', { stars: formatNumber(Number(details['stars'] ?? 0)) });
		case 'report.approved':
			return t('The head let the public see it.');
		case 'report.hidden':
			return t('The head hid it from the public.');
		case 'report.verified':
			return t('The head confirmed it on the spot.');
		case 'report.corrected':
			return t('The head corrected it.');
		case 'report.appealed':
			return t('The reporter asked to look at it again.');
		default:
			return t('Recorded: {action}', { action: `\u2066${entry.action}\u2069` });
	}
}

function editedWords(columns: unknown): string {
	const names = Array.isArray(columns) ? columns.map((column) => changed[String(column)]) : [];
	const what = names.filter((name) => name !== undefined).map((name) => t(name));
	return what.length > 0 ? t('Changed: {what}', { what: formatList(what) }) : t('The report was changed.');
}

function routedWords(id: unknown, departments: HistoryOut['departments']): string {
	const department = typeof id === 'string' ? nameIn(departments[id]) : '';
	return department
		? t('Passed to: {department}', { department })
		: t('Waiting for a department to be found.');
}

function stateWord(state: unknown): string {
	return typeof state === 'string' && state in reportStates
		? t(lookOf(state as ReportState, false).word)
		: '–';
}

/** What stands for the words and pictures themselves: their fingerprints. */
export function fingerprints(entry: HistoryEntry): string[] {
	const sums = Object.entries(entry.details)
		.filter(([name]) => name.endsWith('_sha256'))
		.map(([, sum]) => String(sum));
	const photos = entry.details['photos'];
	return [...sums, ...(Array.isArray(photos) ? photos : [])];
}
