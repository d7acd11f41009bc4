/** Ready-made replies: asked for when there is a line, kept for when there is none. */
import { api } from '#lib/api/client.ts';
import type { TemplateIn, TemplateOut, TemplatesOut, TemplateVersions } from '#lib/api/types.ts';
import { database, getMeta, setMeta } from '#lib/data/db.ts';
import { Unreachable } from '#lib/api/client.ts';

const path = (departmentId: string) => `/api/departments/${departmentId}/templates`;

/** A department's replies; the kept ones where the server cannot be reached. Throws `Problem`. */
export async function readTemplates(departmentId: string): Promise<TemplatesOut> {
	const db = await database();
	const kept = (await getMeta(db, 'templates')) ?? {};
	try {
		const found = await api.request<TemplatesOut>('GET', path(departmentId));
		await setMeta(db, 'templates', { ...kept, [departmentId]: found });
		return found;
	} catch (error) {
		const known = kept[departmentId];
		if (error instanceof Unreachable && known) return known;
		throw error;
	}
}

/** Throws `Problem` (what is wrong with it, or who was faster) or `Unreachable`; nothing typed is lost by it. */
export async function saveTemplate(departmentId: string, id: string, wish: TemplateIn): Promise<TemplateOut> {
	return api.request('PUT', `${path(departmentId)}/${id}`, { body: wish });
}

export async function removeTemplate(departmentId: string, id: string): Promise<void> {
	await api.request('DELETE', `${path(departmentId)}/${id}`);
}

export async function templateHistory(departmentId: string, id: string): Promise<TemplateVersions> {
	return api.request('GET', `${path(departmentId)}/${id}/versions`);
}
