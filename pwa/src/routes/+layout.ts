import { startLanguage } from '#lib/i18n/index.ts';

// The phone draws everything itself; the server only hands over the empty page.
export const ssr = false;
export const prerender = false;

export const load = startLanguage;
