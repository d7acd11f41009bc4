import { N_ } from '#lib/i18n/index.ts';
import { bell, house, inbox, listChecks, plus, user } from './icons.ts';

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
const report: Place = { href: '/report', name: N_('Report'), icon: plus, raised: true };
const updates: Place = { href: '/notifications', name: N_('Updates'), icon: bell };
const me: Place = { href: '/me', name: N_('Me'), icon: user };

/** The bottom bar's places for each kind of person. */
export const places: Readonly<Record<Audience, readonly Place[]>> = {
	resident: [home, { href: '/mine', name: N_('Mine'), icon: listChecks }, report, updates, me],
	head: [home, { href: '/head', name: N_('Queue'), icon: inbox }, report, updates, me],
	officer: [{ href: '/desk', name: N_('Inbox'), icon: inbox }, updates, me]
};
