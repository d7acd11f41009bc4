/** Snow, floods and the like in the own ward. Every home screen asks for these: keep it small. */
import type { CrisisOut } from '#lib/api/types.ts';
import { Live } from './live.svelte.ts';

export const crises = new Live<CrisisOut[]>(['crises'], (db) => db.getAll('crises'));
