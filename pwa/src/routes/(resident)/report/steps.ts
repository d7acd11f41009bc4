import { N_ } from '#lib/i18n/index.ts';

export type Step = 'photo' | 'where' | 'what' | 'ask' | 'send';

/** The screens, in order; `?step=` counts from 1. `asks`: the ward has questions about what was chosen (R4). */
export function stepsOf({ asks }: { asks: boolean }): readonly Step[] {
	return ['photo', 'where', 'what', ...(asks ? (['ask'] as const) : []), 'send'];
}

/** English msgids of their headings. */
export const titles: Readonly<Record<Step, string>> = {
	photo: N_('Show it'),
	where: N_('Where is it?'),
	what: N_('What is it?'),
	ask: N_('A few questions'),
	send: N_('Look and send')
};

/** A number of `total` screens from the address; 1 for anything else. */
export function stepNumber(
	url: { searchParams: { get(name: string): string | null } },
	total: number
): number {
	const asked = Number(url.searchParams.get('step') ?? '1');
	return Number.isInteger(asked) && asked >= 1 && asked <= total ? asked : 1;
}
