/// <reference types="vite/client" />
/** Makes a photo fit to travel: small, upright, without metadata; away from the page's own thread. */
import { UnreadablePhoto, type ShrunkPhoto } from './outcome.ts';
import workerAddress from './shrink.worker.ts?worker&url';

export type { ShrunkPhoto } from './outcome.ts';

export interface ToShrinker {
	id: number;
	file: Blob;
}

/** `refused: null`: the worker failed in an unforeseen way; the page tries itself. */
export type FromShrinker =
	{ id: number; photo: ShrunkPhoto } | { id: number; refused: UnreadablePhoto['reason'] | null };

/** A decoder that takes longer than this has hung. */
const patienceMs = 60_000;
/** Then the worker goes, with the memory its pictures took. */
const idleMs = 20_000;

let worker: Worker | null = null;
let idle: ReturnType<typeof setTimeout> | null = null;
let turn: Promise<unknown> = Promise.resolve();
let count = 0;

/** One after the other: two 12-Mpx pictures at once are too much for a cheap phone. Throws `UnreadablePhoto`. */
export function shrink(file: Blob): Promise<ShrunkPhoto> {
	const result = turn.then(() => shrinkOne(file));
	turn = result.catch(() => undefined);
	return result;
}

async function shrinkOne(file: Blob): Promise<ShrunkPhoto> {
	const answer = 'OffscreenCanvas' in globalThis ? await askWorker(file) : null;
	if (answer && 'photo' in answer) return answer.photo;
	if (answer?.refused) throw new UnreadablePhoto(answer.refused);
	return (await import('./shrink-here.ts')).shrinkHere(file);
}

/** Null where module workers are unknown (Firefox before 114): the page then does it itself. */
function startWorker(): Worker | null {
	try {
		return new Worker(trusted(workerAddress) as string, { type: 'module' });
	} catch {
		return null;
	}
}

interface ScriptAddressPolicy {
	createScriptURL(address: string): unknown;
}

/** Under `require-trusted-types-for 'script'` the browser takes a worker's address only from a policy. */
function trusted(address: string): unknown {
	const types = (
		globalThis as {
			trustedTypes?: {
				createPolicy(name: string, rules: { createScriptURL(address: string): string }): ScriptAddressPolicy;
			};
		}
	).trustedTypes;
	return (
		types?.createPolicy('khupho-photos', { createScriptURL: () => address }).createScriptURL(address) ??
		address
	);
}

/** Null: no worker to be had, or it died. */
function askWorker(file: Blob): Promise<FromShrinker | null> {
	if (idle) clearTimeout(idle);
	worker ??= startWorker();
	const asked = worker;
	if (!asked) return Promise.resolve(null);
	const id = ++count;
	return new Promise<FromShrinker | null>((resolve) => {
		const limit = setTimeout(() => end(null), patienceMs);
		const end = (answer: FromShrinker | null) => {
			clearTimeout(limit);
			asked.onmessage = asked.onerror = null;
			if (answer) idle = setTimeout(dismiss, idleMs);
			else dismiss();
			resolve(answer);
		};
		asked.onmessage = ({ data }: MessageEvent<FromShrinker>) => {
			if (data.id === id) end(data);
		};
		asked.onerror = () => end(null);
		asked.postMessage({ id, file } satisfies ToShrinker);
	});
}

function dismiss(): void {
	worker?.terminate();
	worker = null;
}
