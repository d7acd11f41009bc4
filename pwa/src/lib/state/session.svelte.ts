/** Who uses this phone, and what they may do. */
import { api } from '#lib/api/client.ts';
import type {
	ConfigOut,
	DeviceList,
	InvitationIn,
	InvitationList,
	InvitationOut,
	InvitationPreview,
	MeOut,
	MePatch,
	Role,
	SessionIn
} from '#lib/api/types.ts';
import * as account from '#lib/data/account.ts';
import { database, getMeta, setMeta } from '#lib/data/db.ts';
import { enqueue } from '#lib/data/outbox.ts';
import { Live } from './live.svelte.ts';

interface SessionView {
	/** With one's own unsent changes to name, language and neighbourhood; null when nobody is signed in. */
	me: MeOut | null;
	/** The server no longer knows this device: it has to be joined again; nothing stored is lost. */
	signInAgain: boolean;
}

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
	join: async (input: SessionIn): Promise<MeOut> => account.join(await database(), input),
	/** Show this before `signOut`: what would be lost. */
	unsentWork: async () => account.unsentWork(await database()),
	signOut: async (): Promise<void> => account.signOut(await database()),
	/** Changes name, language or neighbourhood: at once here, on the server by the outbox. */
	change: async (patch: MePatch): Promise<void> => {
		await enqueue(await database(), { kind: 'profile', payload: patch });
	}
};

/** What an invitation offers, before it is used. Throws `Problem` (codes invitation_*) or `Unreachable`. */
export function previewInvitation(code: string): Promise<InvitationPreview> {
	return api.request('POST', '/api/invitations/preview', { body: { code } });
}

/** The public configuration; the last known one when the server cannot be reached. */
export async function getConfig(): Promise<ConfigOut | null> {
	const db = await database();
	try {
		const config = await api.request<ConfigOut>('GET', '/api/config', {}, isConfig);
		await setMeta(db, 'config', config);
		return config;
	} catch {
		return ((await getMeta(db, 'config')) as ConfigOut | undefined) ?? null;
	}
}

function isConfig(answer: unknown): answer is ConfigOut {
	return typeof answer === 'object' && answer !== null && 'push_key' in answer && 'tiles' in answer;
}

/** Screens about devices and invitations need the network; all throw `Problem` or `Unreachable`. */
export const devices = {
	list: async () => (await api.request<DeviceList>('GET', '/api/me/sessions')).sessions,
	revoke: (id: string) => api.request<null>('DELETE', `/api/me/sessions/${id}`),
	/** A code (10 minutes) that signs in a second device to this same account. */
	link: () => api.request<InvitationOut>('PUT', `/api/me/device-links/${crypto.randomUUID()}`)
};

export const invitations = {
	list: async (areaId: string) =>
		(await api.request<InvitationList>('GET', `/api/invitations?area_id=${encodeURIComponent(areaId)}`))
			.invitations,
	/** `id`: make it once per form, so that a second tap gives the same code. */
	invite: (id: string, input: InvitationIn) =>
		api.request<InvitationOut>('PUT', `/api/invitations/${id}`, { body: input }),
	revoke: (id: string) => api.request<null>('DELETE', `/api/invitations/${id}`)
};
