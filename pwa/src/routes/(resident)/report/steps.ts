import { N_ } from '#lib/i18n/index.ts';

/** The four screens, in order; `?step=` counts from 1. */
export const steps = ['photo', 'where', 'what', 'send'] as const;
export type Step = (typeof steps)[number];

/** English msgids of their headings. */
export const titles: Readonly<Record<Step, string>> = {
	photo: N_('Show it'),
	where: N_('Where is it?'),
	what: N_('What is it?'),
	send: N_('Look and send')
};

/** 1 to 4 from the address; 1 for anything else. */
export function stepNumber(url: { searchParams: { get(name: string): string | null } }): number {
	const asked = Number(url.searchParams.get('step') ?? '1');
	return Number.isInteger(asked) && asked >= 1 && asked <= steps.length ? asked : 1;
}
