import type { Audience } from '#lib/ui/places.ts';

/** Screens that are one task from beginning to end: leaving them is by back or by finishing. */
const wholeScreens = /^\/(\(resident\)\/)?(report|reports|call|join|track|board)(\/|$)/;

/** Who the person is to the bar. */
export interface Roles {
	signedIn: boolean;
	heads: boolean;
	answers: boolean;
}

/** Whose places the bottom bar shows on a route; none on a screen that is a task of its own, and none for strangers. */
export function barOf(route: string | null, roles: Roles): Audience | undefined {
	if (route === null || !roles.signedIn || wholeScreens.test(route)) return undefined;
	if (roles.heads) return 'head';
	return roles.answers ? 'officer' : 'resident';
}
