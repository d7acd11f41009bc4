import { loadTexts, startLanguage, type ScreenPart } from '#lib/i18n/index.ts';
import type { LayoutLoad } from './$types.js';

// The phone draws everything itself; the server only hands over the empty page.
export const ssr = false;
export const prerender = false;

let started: Promise<void> | undefined;

export const load: LayoutLoad = async ({ route }) => {
	const parts = partsOf(route.id ?? '');
	await (started ??= startLanguage(parts));
	await loadTexts(parts);
};

/** The folders are those of `PARTS` in `backend/catalogues.py`. */
function partsOf(route: string): ScreenPart[] {
	if (/^\/desk(\/|$)/.test(route)) return ['work', 'case', 'crisis'];
	if (/^\/call(\/|$)/.test(route)) return ['call', 'case'];
	if (/^\/(head|ward\/audit)(\/|$)/.test(route)) return ['work', 'case'];
	if (/^\/ward\//.test(route)) return ['ward', 'case'];
	if (/^\/\(resident\)\/reports?(\/|$)/.test(route)) return ['case'];
	if (/^\/(join|\(resident\)\/me)(\/|$)/.test(route)) return ['account', 'guest'];
	if (route === '/track') return ['guest'];
	return [];
}
