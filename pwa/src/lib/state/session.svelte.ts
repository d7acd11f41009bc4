/** Who uses this phone, and what they may do. */
import type { MeOut, MePatch, Role, SessionIn } from '#lib/api/types.ts';
import { database, getMeta } from '#lib/data/db.ts';
import { Live } from './live.svelte.ts';

interface SessionView {
	/** With one's own unsent changes to name, language and neighbourhood; null when nobody is signed in. */
	me: MeOut | null;
	/** The server no longer knows this device: it has to be joined again; nothing stored is lost. */
	signInAgain: boolean;
}

// Every first load asks who is here; few do more than that, so the rest comes when it is called.
const account = () => import('#lib/data/account.ts');
const outbox = () => import('#lib/data/outbox.ts');

const live = new Live<SessionView>(['account', 'outbox', 'meta'], async (db) => {
	const me = (await db.get('account', 'me')) ?? null;
	const patches = (await db.getAllFromIndex('outbox', 'by_order')).flatMap((entry) =>
		entry.kind === 'profile' && entry.state !== 'needs_person' ? [entry.payload] : []
	);
	return {
		me: me && Object.assign({ ...me }, ...patches),
		signInAgain: (await getMeta(db, 'paused')) === 'signed_out'
	};
});

export const session = {
	/** False for the first moment, until the phone's database has answered. */
	get ready(): boolean {
		return live.current !== undefined;
	},
	get me(): MeOut | null {
		return live.current?.me ?? null;
	},
	get signedIn(): boolean {
		return session.me !== null;
	},
	get signInAgain(): boolean {
		return live.current?.signInAgain ?? false;
	},
	/** Why the database cannot be read (`AppOutdated`: load the page again); null when it can. */
	get error(): unknown {
		return live.error;
	},
	has(...roles: Role[]): boolean {
		return session.me?.grants.some((grant) => roles.includes(grant.role)) ?? false;
	},
	/** Heads a neighbourhood. */
	get heads(): boolean {
		return session.has('head');
	},
	/** Works with the desk inbox. */
	get answers(): boolean {
		return session.has('officer', 'dispatcher', 'leader', 'inspector', 'admin');
	},
	/** The session as of now, for code outside of components. */
	once: () => live.once(),
	join: async (input: SessionIn): Promise<MeOut> => (await account()).join(await database(), input),
	/** Show this before `signOut`: what would be lost. */
	unsentWork: async () => (await account()).unsentWork(await database()),
	signOut: async (): Promise<void> => (await account()).signOut(await database()),
	/** Changes name, language or neighbourhood: at once here, on the server by the outbox. */
	change: async (patch: MePatch): Promise<void> => {
		const { enqueue } = await outbox();
		await enqueue(await database(), { kind: 'profile', payload: patch });
	}
};
