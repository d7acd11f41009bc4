/** The lists of a desk that everybody has, and how conditions are told apart. */
import { N_ } from '#lib/i18n/index.ts';
import type { DeskFilters, DeskOut } from '#lib/state/index.ts';
import {
	circleCheck,
	clock,
	hourglass,
	inbox,
	listChecks,
	messageCircle,
	squarePlus,
	triangleAlert
} from '#lib/ui/icons.ts';

export interface List {
	key: string;
	/** An English msgid. */
	name: string;
	icon: string;
	filters: DeskFilters;
	/** Which of the counts says how many stand in it. */
	count?: Exclude<keyof DeskOut['counts'], 'more'>;
}

export const lists: readonly List[] = [
	{ key: 'open', name: N_('Open'), icon: inbox, filters: {}, count: 'open' },
	{
		key: 'to_answer',
		name: N_('Mine to answer'),
		icon: messageCircle,
		filters: { to_answer: true },
		count: 'to_answer'
	},
	{ key: 'late', name: N_('Late'), icon: triangleAlert, filters: { due: 'late' }, count: 'overdue' },
	{ key: 'today', name: N_('Due today'), icon: clock, filters: { due: 'today' }, count: 'today' },
	{ key: 'new', name: N_('New'), icon: squarePlus, filters: { states: ['submitted'] }, count: 'fresh' },
	{
		key: 'waiting',
		name: N_('Waiting for the reporter'),
		icon: hourglass,
		filters: { waiting: true },
		count: 'waiting'
	},
	{ key: 'done', name: N_('Finished'), icon: circleCheck, filters: { tray: 'done' } },
	{ key: 'all', name: N_('All'), icon: listChecks, filters: { tray: 'all' } }
];

/** The conditions that are made, the words typed left aside, in an order of their own. */
function told(filters: DeskFilters): string {
	const made = Object.entries(filters).filter(
		([name, value]) =>
			name !== 'q' &&
			value !== null &&
			value !== false &&
			value !== '' &&
			!(name === 'tray' && value === 'open') &&
			!(name === 'sort' && value === 'deadline') &&
			!(Array.isArray(value) && value.length === 0)
	);
	return JSON.stringify(made.map(([name, value]) => [name, value]).sort());
}

export function sameList(a: DeskFilters, b: DeskFilters): boolean {
	return told(a) === told(b);
}

/** How many conditions are made beyond those of `list`. */
export function conditions(filters: DeskFilters): number {
	return (JSON.parse(told(filters)) as unknown[]).length;
}
