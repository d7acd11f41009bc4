import { t } from '#lib/i18n/index.ts';
import type { PhotoRefusal } from '#lib/state/index.ts';
import { maxPhotos } from '#lib/state/index.ts';

/** Why a picture was not added and what to do, in words; the same reason is said once. */
export function refusalWords(refusals: readonly PhotoRefusal[]): string {
	return [...new Set(refusals)].map(wordsFor).join(' ');
}

function wordsFor(refusal: PhotoRefusal): string {
	switch (refusal) {
		case 'unreadable':
			return t('This file is not a picture, or it is damaged. Please take or choose another one.');
		case 'too_large':
			return t('This picture is too large to send. Please take a new one with the camera.');
		case 'too_many':
			return t('At most {count} photos can be added.', { count: maxPhotos });
		case 'storage_full':
			return t('There is no room left on this phone. Free some space, then add the photo again.');
	}
}
