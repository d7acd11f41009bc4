import { i18n } from './i18n.svelte.ts';

/** A name in the person's language; where it is missing in that language, in one they may know. */
export function nameIn(names: Readonly<Record<string, string>> | null | undefined): string {
	if (!names) return '';
	return names[i18n.language] || names['en'] || names['vi'] || names['fa'] || '';
}
