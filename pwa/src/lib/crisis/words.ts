/** A crisis in words, for everybody: what it is, what to do, how bad it can be. */
import type { CrisisKind, CrisisOut, Severity } from '#lib/api/types.ts';
import { i18n, N_, ownNames, t } from '#lib/i18n/index.ts';

export const kinds: readonly CrisisKind[] = ['snow', 'flood', 'storm', 'heat', 'other'];
/** The mildest first. */
export const severities: readonly Severity[] = ['passable', 'hard', 'blocked'];

interface KindWords {
	icon: string;
	name: string;
	report: string;
	/** As the resident chooses it. */
	choices: Readonly<Record<Severity, string>>;
	advice: readonly string[];
}

const words: Readonly<Record<CrisisKind, KindWords>> = {
	snow: {
		icon: 'snowflake',
		name: N_('Snow and ice'),
		report: N_('Report snow or ice here'),
		choices: {
			passable: N_('Slippery, but one gets through'),
			hard: N_('Deep: one hardly gets through'),
			blocked: N_('Blocked: nobody gets through')
		},
		advice: [
			N_('Stay at home if you can, and leave the car where it is.'),
			N_('Keep the street free for ploughs; do not park on main roads.'),
			N_('Look in on neighbours who are old or ill.')
		]
	},
	flood: {
		icon: 'waves',
		name: N_('Flooding'),
		report: N_('Report flooding here'),
		choices: {
			passable: N_('Wet, but one gets through'),
			hard: N_('Knee-deep: one hardly gets through'),
			blocked: N_('Deep water: nobody gets through')
		},
		advice: [
			N_('Go to a higher place. Do not walk or drive through flowing water.'),
			N_('Turn off electricity and gas if water comes into the house.'),
			N_('Keep your phone charged and look in on your neighbours.')
		]
	},
	storm: {
		icon: 'zap',
		name: N_('Storm damage'),
		report: N_('Report storm damage here'),
		choices: {
			passable: N_('Things lie about, but one gets through'),
			hard: N_('A tree or roof is down: one hardly gets through'),
			blocked: N_('Blocked, or wires on the ground: nobody gets through')
		},
		advice: [
			N_('Stay inside, away from windows, trees and signs.'),
			N_('Never touch a wire that is on the ground; keep others away.'),
			N_('Tie down what the wind can take.')
		]
	},
	heat: {
		icon: 'thermometer-sun',
		name: N_('Heat and dust'),
		report: N_('Report here: help is needed'),
		choices: {
			passable: N_('Hard to bear'),
			hard: N_('Somebody needs help soon'),
			blocked: N_('Somebody is in danger now')
		},
		advice: [
			N_('Drink water often and stay in the shade.'),
			N_('In dust, close windows and cover nose and mouth.'),
			N_('Look in on neighbours who are old, ill or alone.')
		]
	},
	other: {
		icon: 'triangle-alert',
		name: N_('Emergency in the ward'),
		report: N_('Report what you see here'),
		choices: {
			passable: N_('Not so bad here'),
			hard: N_('Bad: help is needed soon'),
			blocked: N_('Very bad: people are in danger')
		},
		advice: [
			N_('Stay calm and do what the ward asks.'),
			N_('Call only if somebody is in danger: keep the lines free.'),
			N_('Look in on your neighbours.')
		]
	}
};

const grades: Readonly<Record<'way' | 'people', Readonly<Record<Severity, string>>>> = {
	way: { passable: N_('Passable'), hard: N_('Hardly passable'), blocked: N_('Blocked') },
	people: { passable: N_('Bearable'), hard: N_('Bad'), blocked: N_('In danger') }
};

export const kindIcon = (kind: CrisisKind): string => words[kind].icon;
export const kindName = (kind: CrisisKind): string => t(words[kind].name);
export const reportHereWords = (kind: CrisisKind): string => t(words[kind].report);
export const choiceWords = (kind: CrisisKind, severity: Severity): string => t(words[kind].choices[severity]);
export const adviceOf = (kind: CrisisKind): string[] => words[kind].advice.map((msgid) => t(msgid));

/** In a word or two, for lists. */
export function severityWords(kind: CrisisKind, severity: Severity | null | undefined): string {
	if (!severity) return t('Not said how bad');
	return t(grades[kind === 'heat' || kind === 'other' ? 'people' : 'way'][severity]);
}

export interface Said {
	text: string;
	lang: string;
	/** The name of its language, where it is not the reader's own. */
	foreign: string;
}

/** A message of the ward in the reader's language; where nobody wrote that, in the one it was written in. */
export function saidIn({ texts, language }: Pick<CrisisOut, 'texts' | 'language'>): Said {
	const own = texts[i18n.language];
	if (own) return { text: own, lang: i18n.language, foreign: '' };
	return { text: texts[language], lang: language, foreign: ownNames[language] };
}
