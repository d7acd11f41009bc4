/** What a change of the rules was, in words: what it was about, before and after. */
import type { RuleDiff, RuleState, RuleSubject, Week } from '#lib/api/types.ts';
import { formatNumber, N_, t, tn } from '#lib/i18n/index.ts';
import { nameIn } from '#lib/i18n/names.ts';
import { rules } from './rules.svelte.ts';
import { dayWords, daysWords, promiseWords, weekLines } from './words.ts';

export const subjects: Readonly<Record<RuleSubject, string>> = {
	routing: N_('Who gets what'),
	clocks: N_('Promised times'),
	hours: N_('Working hours'),
	closure: N_('Days off'),
	department: N_('Departments'),
	category: N_('Kinds of problems'),
	guests: N_('Reports without an account')
};

/** "Street lighting, Khu phố 2" */
export function aboutWords(subject: RuleSubject, diff: RuleDiff): string {
	const thing = diff.category_id ? rules.categoryName(diff.category_id) : '';
	const place = rules.scopeName(diff.scope_id);
	if (subject === 'department') return place || nameIn((diff.after ?? diff.before)?.names);
	if (subject === 'category') return thing;
	const words = [thing, place].filter(Boolean).join(' · ');
	return diff.from_day ? t('{what}, from {day}', { what: words, day: dayWords(diff.from_day) }) : words;
}

/** One side of a change; null: there was, or is, nothing. */
export function stateWords(subject: RuleSubject, state: RuleState | null | undefined): string[] {
	if (!state) {
		if (subject === 'routing' || subject === 'clocks') return [t('No rule of its own')];
		if (subject === 'hours') return [t('As in the wider place')];
		return [t('Nothing yet')];
	}
	if (typeof state.guests_per_hour === 'number') return [guestWords(state.guests_per_hour)];
	if (state.times) return [promiseWords(state.times)];
	if (state.week) return weekLines(state.week as Week);
	if (state.first_day && state.last_day) {
		return [daysWords(state.first_day, state.last_day), state.reason ?? ''];
	}
	const lines: string[] = [];
	if (state.names) lines.push(nameIn(state.names));
	if (state.retired) lines.push(t('No longer works'));
	lines.push(...categoryLines(state));
	if (state.department_id) lines.push(rules.departmentName(state.department_id));
	return lines.length > 0 ? lines : [t('Nobody')];
}

function guestWords(perHour: number): string {
	return perHour === 0 ? t('Not taken') : tn('Taken, up to {n} an hour', 'Taken, up to {n} an hour', perHour);
}

function categoryLines({ category }: RuleState): string[] {
	if (!category) return [];
	const lines: string[] = [];
	if (category.names) lines.push(nameIn(category.names));
	if (typeof category.place === 'number') {
		lines.push(t('Place {number}', { number: formatNumber(category.place) }));
	}
	if (category.icon || category.colour)
		lines.push(t('Look: {look}', { look: [category.icon, category.colour].filter(Boolean).join(' ') }));
	if (typeof category.urgent === 'boolean') lines.push(category.urgent ? t('Urgent') : t('Not urgent'));
	if (typeof category.private === 'boolean') lines.push(category.private ? t('Private') : t('Not private'));
	if (typeof category.needs_result_photo === 'boolean') {
		lines.push(
			category.needs_result_photo ? t('Photo of the result asked') : t('No photo of the result asked')
		);
	}
	if (typeof category.near_m === 'number')
		lines.push(t('Similar reports within {metres} m', { metres: formatNumber(category.near_m) }));
	if (typeof category.active === 'boolean')
		lines.push(category.active ? t('Offered') : t('No longer offered'));
	if (category.questions) {
		lines.push(tn('{n} question', '{n} questions', category.questions.length));
		lines.push(...category.questions.map((question) => nameIn(question.names)));
	}
	return lines;
}
