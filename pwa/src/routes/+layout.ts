import { loadWorkTexts, startLanguage } from '#lib/i18n/index.ts';
import type { LayoutLoad } from './$types.js';

// The phone draws everything itself; the server only hands over the empty page.
export const ssr = false;
export const prerender = false;

let started: Promise<void> | undefined;

export const load: LayoutLoad = async ({ route }) => {
	await (started ??= startLanguage());
	if (/^\/(head|desk|ward)(\/|$)/.test(route.id ?? '')) await loadWorkTexts();
};
