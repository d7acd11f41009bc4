/** What the ward has learned of the words in which problems are reported (R5): kept here, asked for once a day. */
import { Problem, Unreachable, type Client } from '#lib/api/client.ts';
import type { SuggestionsOut } from '#lib/api/types.ts';
import type { SuggestionModel } from '#lib/suggest.ts';
import { getMeta, setMeta, type Db } from './db.ts';
import { changed } from './signal.ts';

const dayMs = 24 * 3_600_000;

/** The model of the ward this phone is of; null before it has come. */
export async function suggestionModel(db: Db): Promise<SuggestionModel | null> {
	const [kept, me] = await Promise.all([getMeta(db, 'suggestions'), db.get('account', 'me')]);
	return kept && kept.wardId === me?.ward_id ? kept.model : null;
}

/** Asks for a newer one, at most once a day. Without a line what is here stays. */
export async function refreshSuggestions(db: Db, client: Client, now: number): Promise<void> {
	const [kept, me] = await Promise.all([getMeta(db, 'suggestions'), db.get('account', 'me')]);
	if (!me?.ward_id || !me.session_id) return;
	const own = kept?.wardId === me.ward_id ? kept : null;
	// A time still to come was written by a clock that has been set right since.
	if (own && now - own.askedAt < dayMs && own.askedAt <= now) return;
	try {
		const query = own ? `?version=${encodeURIComponent(own.model.version)}` : '';
		const path = `/api/wards/${me.ward_id}/suggestions${query}`;
		const found = await client.request('GET', path, {}, isModelOrNothing);
		const model = found ?? own?.model;
		if (model) await setMeta(db, 'suggestions', { wardId: me.ward_id, askedAt: now, model });
		if (found) changed('meta');
	} catch (error) {
		if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
	}
}

function isModelOrNothing(answer: unknown): answer is SuggestionsOut | null {
	if (answer === null) return true;
	return typeof answer === 'object' && 'words' in answer && 'categories' in answer && 'enough' in answer;
}
