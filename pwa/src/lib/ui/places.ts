import { N_ } from '#lib/i18n/index.ts';
import { bookOpen, house, inbox, listChecks, newspaper, plus, user } from './icons.ts';

export type Audience = 'resident' | 'head' | 'officer';

export interface Place {
	href: string;
	/** An English msgid. */
	name: string;
	icon: string;
	/** The one thing most people came for. */
	raised?: boolean;
}

const home: Place = { href: '/', name: N_('Home'), icon: house };
const mine: Place = { href: '/mine', name: N_('Mine'), icon: listChecks };
const report: Place = { href: '/report', name: N_('Report'), icon: plus, raised: true };
const news: Place = { href: '/news', name: N_('News'), icon: newspaper };
const guides: Place = { href: '/guides', name: N_('Guides'), icon: bookOpen };

/** The bottom bar's places for each kind of person. */
export const places: Readonly<Record<Audience, readonly Place[]>> = {
	resident: [home, mine, report, news, guides],
	head: [home, { href: '/head', name: N_('Queue'), icon: inbox }, report, news, mine],
	officer: [
		{ href: '/desk', name: N_('Inbox'), icon: inbox },
		news,
		guides,
		{ href: '/me', name: N_('Me'), icon: user }
	]
};
