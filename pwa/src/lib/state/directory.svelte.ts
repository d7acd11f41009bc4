/** What the ward offers and where it is: areas, categories, departments. */
import type { AreaOut, CategoryOut, DepartmentOut } from '#lib/api/types.ts';
import { Live, liveBy } from './live.svelte.ts';

/** All areas of the own ward, the ward and its city included. */
export const areas = new Live<AreaOut[]>(['areas'], (db) => db.getAll('areas'));

/** In the order the ward wants them shown. */
export const categories = new Live<CategoryOut[]>(['categories'], async (db) =>
	(await db.getAll('categories')).sort((a, b) => a.sort - b.sort || (a.code < b.code ? -1 : 1))
);

export const departments = new Live<DepartmentOut[]>(['departments'], (db) => db.getAll('departments'));

export const area = liveBy<AreaOut | null>(['areas'], async (db, id) => (await db.get('areas', id)) ?? null);
export const category = liveBy<CategoryOut | null>(
	['categories'],
	async (db, id) => (await db.get('categories', id)) ?? null
);
