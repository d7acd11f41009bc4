/** Makes a photo fit to travel: small, upright, without metadata; away from the page's own thread. */
import { UnreadablePhoto, type ShrunkPhoto } from './outcome.ts';

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

/** Null: no worker to be had, or it died. */
function askWorker(file: Blob): Promise<FromShrinker | null> {
	if (idle) clearTimeout(idle);
	worker ??= new Worker(new URL('./shrink.worker.ts', import.meta.url), { type: 'module' });
	const asked = worker;
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
