import type { Audience } from '#lib/ui/places.ts';

/** Screens that are one task from beginning to end: leaving them is by back or by finishing. */
const wholeScreens = /^\/(report|join|track|board)(\/|$)|^\/\(resident\)\/(report|reports)(\/|$)/;

/** Whose places the bottom bar shows on a route; none on a screen that is a task of its own. */
export function barOf(route: string | null): Audience | undefined {
	if (route === null || wholeScreens.test(route)) return undefined;
	if (route.startsWith('/head')) return 'head';
	if (route.startsWith('/desk') || route.startsWith('/ward')) return 'officer';
	return 'resident';
}
