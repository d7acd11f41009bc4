/** One's own telephone number: the server has to say whether it is one, so this needs a connection. */
import { api } from '#lib/api/client.ts';
import type { MeOut } from '#lib/api/types.ts';
import { database } from '#lib/data/db.ts';
import { changed } from '#lib/data/signal.ts';

/** Keeps it, or with an empty text forgets it. Throws `Problem` or `Unreachable`. */
export async function changeNumber(phone: string): Promise<void> {
	const me = await api.request<MeOut>('PATCH', '/api/me', { body: { phone } });
	await (await database()).put('account', me, 'me');
	changed('account');
}
