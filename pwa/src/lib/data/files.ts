/** Which of the files of a draft or entry are photos, and which is the voice note (R3). */
import type { Draft, NamedFile } from './rows.ts';

export function isVoice(file: NamedFile | undefined): boolean {
	return file?.seconds !== undefined;
}

/** A draft's photos, without the voice note. */
export function photoIdsOf({ photoIds, voiceId }: Draft): string[] {
	return photoIds.filter((id) => id !== voiceId);
}
