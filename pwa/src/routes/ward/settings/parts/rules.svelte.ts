/** A ward's rules on the screens of those who keep them: asked online, saved at once, with an id of our own. */
import { api, Problem } from '#lib/api/client.ts';
import type { CatalogueOut, CategoryRule, DepartmentRule, Names, WardOut } from '#lib/api/types.ts';
import { byName, t } from '#lib/i18n/index.ts';
import { nameIn } from '#lib/i18n/names.ts';
import { whyNot } from '#lib/ui/whyNot.ts';

type What =
	'departments' | 'categories' | 'category-order' | 'routing' | 'clocks' | 'hours' | 'closures' | 'guests';

class Rules {
	wards = $state.raw<WardOut[]>([]);
	wardId = $state('');
	catalogue = $state.raw<CatalogueOut | null>(null);
	trouble = $state('');
	/** The same content goes under the same id, however often it has to be sent. */
	readonly #ids = new Map<string, string>();

	get ward(): WardOut | undefined {
		return this.wards.find((one) => one.id === this.wardId);
	}

	get keeps(): boolean {
		return this.ward?.keeps ?? false;
	}

	/** The wards, and everything of the one that is looked at. */
	async load(): Promise<void> {
		try {
			const { wards } = await api.request<{ wards: WardOut[] }>('GET', '/api/wards');
			this.wards = wards.sort(byName((ward) => ward.name));
			if (!this.ward) this.wardId = (wards.find((ward) => ward.keeps) ?? wards[0])?.id ?? '';
			if (this.wardId) this.catalogue = await this.get<CatalogueOut>('catalogue');
			this.trouble = '';
		} catch (error) {
			this.trouble = whyNot(error);
		}
	}

	async choose(wardId: string): Promise<void> {
		this.wardId = wardId;
		this.catalogue = null;
		await this.load();
	}

	get<T>(path: string): Promise<T> {
		return api.request<T>('GET', `/api/wards/${this.wardId}/${path}`);
	}

	try<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
		return api.request<T>('POST', `/api/wards/${this.wardId}/${path}`, {
			body,
			...(signal && { signal })
		});
	}

	/** Saves; throws `Problem` or `Unreachable`. */
	async save(what: What, body: unknown): Promise<void> {
		const text = `${this.wardId} ${what} ${JSON.stringify(body)}`;
		const id = this.#ids.get(text) ?? crypto.randomUUID();
		this.#ids.set(text, id);
		await api.request('PUT', `/api/wards/${this.wardId}/${what}/${id}`, { body });
		this.#ids.delete(text);
		await this.load();
	}

	async takeBack(closureId: string): Promise<void> {
		await api.request('DELETE', `/api/wards/${this.wardId}/closures/${closureId}`);
	}

	get departments(): DepartmentRule[] {
		return this.catalogue?.departments ?? [];
	}

	/** Those that can be given work. */
	get working(): DepartmentRule[] {
		return this.departments.filter((one) => !one.retired).sort(byName((one) => nameIn(one.names)));
	}

	get categories(): CategoryRule[] {
		return this.catalogue?.categories ?? [];
	}

	/** Where this person may set rules: the ward and its neighbourhoods, the widest first. */
	get places(): { id: string; name: string }[] {
		return (this.catalogue?.areas ?? []).filter((area) => area.level !== 'city');
	}

	areaName(id: string): string {
		return this.catalogue?.areas.find((area) => area.id === id)?.name ?? '';
	}

	/** Null: nobody in particular. */
	departmentName(id: string | null | undefined): string {
		if (!id) return t('The dispatcher’s tray');
		return this.#name(this.departments, id);
	}

	categoryName(id: string | null | undefined): string {
		return this.#name(this.categories, id);
	}

	/** Of an area or a department. */
	scopeName(id: string): string {
		return this.areaName(id) || this.#name(this.departments, id);
	}

	#name(things: readonly { id: string; names: Names }[], id: string | null | undefined): string {
		return nameIn(things.find((one) => one.id === id)?.names);
	}
}

export const rules = new Rules();

/** What stood in the way of saving: at its field where it has one, else above the button. */
export interface Trouble {
	words: string;
	fields: Readonly<Record<string, string>>;
	/** Somebody else was faster. */
	meanwhile: boolean;
}

export const noTrouble: Trouble = { words: '', fields: {}, meanwhile: false };

export function troubleOf(error: unknown): Trouble {
	if (!(error instanceof Problem)) {
		return {
			words: t('Nothing is saved without a connection. What you typed stays here.'),
			fields: {},
			meanwhile: false
		};
	}
	const fields = Object.fromEntries(error.errors.map(({ field, detail }) => [field, detail]));
	return { words: error.detail || error.title, fields, meanwhile: error.code === 'changed_meanwhile' };
}

/** What is wrong with a field, or with anything inside it. */
export function wrongAt(trouble: Trouble, ...fields: string[]): string | undefined {
	for (const [field, words] of Object.entries(trouble.fields)) {
		if (fields.some((one) => field === one || field.startsWith(`${one}.`) || field.startsWith(`${one}[`))) {
			return words;
		}
	}
	return undefined;
}
