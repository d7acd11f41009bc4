/** The kinds of problems that words speak for, for whoever is about to choose one. */
import { api } from '#lib/api/client.ts';
import { database } from '#lib/data/db.ts';
import { refreshSuggestions, suggestionModel } from '#lib/data/suggestions.ts';
import { suggest, type SuggestionModel } from '#lib/suggest.ts';
import { Live } from './live.svelte.ts';

const model = new Live<SuggestionModel | null>(['meta', 'account'], suggestionModel);

export const suggestions = {
	/** Ids of categories, at most two; none when the words say too little or nothing has been learned. */
	for(text: string): string[] {
		const learned = model.current;
		return learned && text.trim() ? suggest(learned, text) : [];
	},
	/** Asks for what the ward has learned since, in its own time. */
	refresh: async (): Promise<void> => refreshSuggestions(await database(), api, Date.now())
};
