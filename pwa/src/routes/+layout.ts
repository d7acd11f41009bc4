import { loadTexts, startLanguage, type ScreenPart } from '#lib/i18n/index.ts';
import type { LayoutLoad } from './$types.js';

// The phone draws everything itself; the server only hands over the empty page.
export const ssr = false;
export const prerender = false;

let started: Promise<void> | undefined;

export const load: LayoutLoad = async ({ route }) => {
	const part = partOf(route.id ?? '');
	await (started ??= startLanguage(part));
	if (part) await loadTexts(part);
};

/** The folders are those of `PARTS` in `backend/catalogues.py`. */
function partOf(route: string): ScreenPart | undefined {
	if (/^\/ward\/audit(\/|$)/.test(route)) return 'work';
	if (/^\/ward\//.test(route)) return 'ward';
	if (/^\/(head|desk)(\/|$)/.test(route)) return 'work';
	if (/^\/(join|\(resident\)\/me)(\/|$)/.test(route)) return 'account';
	return undefined;
}
