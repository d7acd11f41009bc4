/** A ward's own words, said in the reader's language; where they are missing in it, marked as another one. */
import type { Names } from '#lib/api/types.ts';
import { i18n } from '#lib/i18n/i18n.svelte.ts';
import { isLanguage, type Language } from '#lib/i18n/language.ts';

export interface Said {
	text: string;
	/** The language it is in, when that is not the reader's. */
	lang: Language | undefined;
}

/** In the order of `nameIn`: the reader's, English, Vietnamese, Persian. */
export function said(names: Names): Said {
	const lang = [i18n.language, 'en', 'vi', 'fa'].find((one) => isLanguage(one) && names[one]);
	if (!isLanguage(lang)) return { text: '', lang: undefined };
	return { text: names[lang], lang: lang === i18n.language ? undefined : lang };
}
