import {
	translate,
	translateCounted,
	unpack,
	type Catalogue,
	type PackedCatalogue,
	type Params
} from './fill.ts';
import { directionOf, isLanguage, type Language } from './language.ts';

const addresses = import.meta.glob<string>('./generated/{vi,fa,en}{,.account}.json', {
	query: '?url',
	import: 'default',
	eager: true
});

/**
 * Texts of making and reading a report; of heads and departments, of the ward's rules, of joining and settings, of being
 * without account, of a crisis, of a call.
 */
export type ScreenPart = 'call' | 'case' | 'work' | 'ward' | 'account' | 'guest' | 'crisis';
type Part = '' | `.${ScreenPart}`;

const loaded: Record<string, Catalogue> = {};
const nothing: Catalogue = {};

class Speech {
	/** The language shown now. `app.html` has chosen it before the first drawing. */
	language = $state<Language>('vi');
	catalogue = $state.raw<Catalogue>(nothing);
	parts: readonly Part[] = [''];
}

const speech = new Speech();

export const i18n = {
	get language(): Language {
		return speech.language;
	}
};

/** `msgid` (a plain English string) in the person's language, its `{name}` places filled. */
export function t(msgid: string, params?: Params): string {
	return translate(speech.language, speech.catalogue, msgid, params);
}

/** A counted text: `tn('{n} photo', '{n} photos', photos.length)`. `{n}` is filled by itself. */
export function tn(singular: string, plural: string, n: number, params?: Params): string {
	return translateCounted(speech.language, speech.catalogue, singular, plural, n, params);
}

/** Starts in the language that the page already declares, with the texts its first screen needs. */
export function startLanguage(parts: readonly ScreenPart[]): Promise<void> {
	speech.parts = ['', ...parts.map(named)];
	const declared = document.documentElement.lang;
	return show(isLanguage(declared) ? declared : 'vi');
}

/** Brings the texts that only some screens show; at once when they are here already. */
export async function loadTexts(parts: readonly ScreenPart[]): Promise<void> {
	const missing = parts.map(named).filter((part) => !speech.parts.includes(part));
	if (missing.length === 0) return;
	speech.parts = [...speech.parts, ...missing];
	await show(speech.language);
}

const named = (part: ScreenPart): Part => `.${part}`;

/** Switches everything on the screen at once and remembers it on this device. */
export async function chooseLanguage(language: Language): Promise<void> {
	try {
		localStorage.setItem('language', language);
	} catch {
		// Storage is refused: the choice holds until the app is closed.
	}
	await show(language);
}

async function show(language: Language): Promise<void> {
	const catalogues = await Promise.all(speech.parts.map((part) => load(language, part)));
	speech.language = language;
	speech.catalogue = Object.assign({}, ...catalogues) as Catalogue;
	const page = document.documentElement;
	page.lang = language;
	page.dir = directionOf(language);
	const manifest = document.querySelector<HTMLLinkElement>('link[rel="manifest"]');
	if (manifest) manifest.href = `/manifest.${language}.webmanifest`;
}

/** English stands in for a catalogue that cannot be fetched; the next choice tries again. */
async function load(language: Language, part: Part): Promise<Catalogue> {
	const name = `./generated/${language}${part}.json`;
	const known = loaded[name];
	if (known) return known;
	try {
		// Where the texts of later screens are is nothing for the first load.
		const address = addresses[name] ?? (await import('./more-texts.ts')).addresses[name];
		if (!address) return nothing;
		const answer = await fetch(address);
		if (!answer.ok) return nothing;
		const catalogue = unpack((await answer.json()) as PackedCatalogue);
		loaded[name] = catalogue;
		return catalogue;
	} catch {
		return nothing;
	}
}
