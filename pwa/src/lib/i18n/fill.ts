import { keyLength, keyOf } from './key.ts';
import { locales, type Language } from './language.ts';

/** Key of a msgid → its translation, or its plural forms in CLDR's order. */
export type Catalogue = Readonly<Record<string, string | readonly string[]>>;

/** A catalogue as it is fetched: its keys in one text, and the texts in the same order. */
export interface PackedCatalogue {
	keys: string;
	texts: readonly (string | readonly string[])[];
}

export function unpack({ keys, texts }: PackedCatalogue): Catalogue {
	return Object.fromEntries(
		texts.map((text, at) => [keys.slice(at * keyLength, (at + 1) * keyLength), text])
	);
}

/** Numbers are written in the language's digits; text is taken as it is. */
export type Params = Readonly<Record<string, string | number>>;

/** Marks a text for the catalogues and gives it back unchanged: for tables of texts translated later. */
export function N_(msgid: string): string {
	return msgid;
}

export function translate(language: Language, catalogue: Catalogue, msgid: string, params?: Params): string {
	const text = catalogue[keyOf(msgid)];
	return fill(language, typeof text === 'string' ? text : msgid, params);
}

/** The form that `n` asks for by CLDR's rules; `{n}` is filled by itself. */
export function translateCounted(
	language: Language,
	catalogue: Catalogue,
	singular: string,
	plural: string,
	n: number,
	params?: Params
): string {
	const forms = catalogue[keyOf(singular)];
	// Without a catalogue the text is English, and so is its counting.
	const known = typeof forms === 'object' && forms.length > 0 ? forms : [singular, plural];
	const one = rules(known === forms ? language : 'en').select(n) === 'one';
	return fill(language, (one ? known[0] : known.at(-1)) ?? singular, { n, ...params });
}

const pluralRules = new Map<Language, Intl.PluralRules>();

function rules(language: Language): Intl.PluralRules {
	let found = pluralRules.get(language);
	if (!found) pluralRules.set(language, (found = new Intl.PluralRules(locales[language])));
	return found;
}

const numbers = new Map<Language, Intl.NumberFormat>();

function fill(language: Language, text: string, params?: Params): string {
	if (!params) return text;
	return text.replace(/\{([a-z][a-z0-9_]*)\}/gi, (place, name: string) => {
		const value = params[name];
		if (value === undefined) return place;
		if (typeof value === 'string') return value;
		let format = numbers.get(language);
		if (!format) numbers.set(language, (format = new Intl.NumberFormat(locales[language])));
		return format.format(value);
	});
}
