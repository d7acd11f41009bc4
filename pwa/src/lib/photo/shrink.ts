/** Makes a photo fit to travel: small, upright, without metadata. */
import type { ShrunkPhoto } from './outcome.ts';

export type { ShrunkPhoto } from './outcome.ts';

/** Throws `UnreadablePhoto`. */
export async function shrink(file: Blob): Promise<ShrunkPhoto> {
	throw new Error(`not yet: ${file.size}`);
}
