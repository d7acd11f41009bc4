/** Invitations, devices and the public configuration: what is asked of the server directly. */
import { api } from '#lib/api/client.ts';
import type {
	ConfigOut,
	DeviceList,
	InvitationIn,
	InvitationList,
	InvitationOut,
	InvitationPreview
} from '#lib/api/types.ts';
import { database, getMeta, setMeta } from '#lib/data/db.ts';

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
