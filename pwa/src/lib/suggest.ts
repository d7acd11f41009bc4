/**
 * Which kind of problem somebody's words are about (R5). The twin of `backend/reports/suggesting.py`, where the reasons
 * stand; `tests/vectors/suggest.json` holds what both must answer.
 */
import { fold } from './text.ts';

/** What a ward has learned. `words`: feature → pairs of (index in `categories`, weight), flat. */
export interface SuggestionModel {
	categories: readonly string[];
	priors: readonly number[];
	/** The least that words must say for a kind; a second one is at most as much behind. */
	enough: number;
	words: Readonly<Record<string, readonly number[]>>;
}

const longest = 60;
const mostShown = 2;

/** What a text is made of: its words, two in a row, and how longer words begin; each once. */
export function features(text: string): string[] {
	const words = fold(text)
		.split(/\P{L}+/u)
		.filter((word) => [...word].length > 1)
		.slice(0, longest);
	const pairs = words.slice(1).map((word, at) => `${words[at]} ${word}`);
	const beginnings = words
		.map((word) => [...word])
		.filter((letters) => letters.length > 5)
		.map((letters) => `${letters.slice(0, 5).join('')}*`);
	return [...new Set([...words, ...pairs, ...beginnings])];
}

/** Ids of the one or two kinds that the words speak for, the likelier first; none when they say too little. */
export function suggest(model: SuggestionModel, text: string): string[] {
	const said = model.categories.map(() => 0);
	for (const feature of features(text)) {
		const pairs = Object.hasOwn(model.words, feature) ? (model.words[feature] ?? []) : [];
		for (let at = 0; at + 1 < pairs.length; at += 2) {
			const index = pairs[at] ?? 0;
			said[index] = (said[index] ?? 0) + (pairs[at + 1] ?? 0);
		}
	}
	const total = (index: number) => (said[index] ?? 0) + (model.priors[index] ?? 0);
	const ranked = [...said.keys()]
		.filter((index) => (said[index] ?? 0) >= model.enough)
		.sort((one, other) => total(other) - total(one) || one - other);
	const [best] = ranked;
	if (best === undefined) return [];
	const near = ranked.filter((index) => total(best) - total(index) <= model.enough);
	const shown = near.length <= mostShown + 1 ? near.slice(0, mostShown) : [];
	return shown.flatMap((index) => model.categories[index] ?? []);
}
