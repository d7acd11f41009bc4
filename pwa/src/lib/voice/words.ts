import { formatNumber, t } from '#lib/i18n/index.ts';
import type { RecordingProblem } from './recording.svelte.ts';

/** 0:23 · ۰:۲۳ */
export function formatLength(seconds: number): string {
	const whole = Math.round(seconds);
	const rest = formatNumber(whole % 60, { minimumIntegerDigits: 2 });
	return `${formatNumber(Math.floor(whole / 60))}:${rest}`;
}

/** In a list, where there is nothing to read of it. */
export function voiceWords(seconds: number): string {
	return t('Voice note, {length}', { length: formatLength(seconds) });
}

/** Why nothing was recorded, and what to do. */
export function recordingWords(problem: RecordingProblem): string {
	switch (problem) {
		case 'denied':
			return t(
				'The phone does not let this app use the microphone. Open the settings of this page (the lock beside its address) or of the app, allow the microphone, and try again. You can also write.'
			);
		case 'busy':
			return t(
				'The microphone could not be used; perhaps another app or a call has it. Please try again in a moment.'
			);
		case 'missing':
			return t('No microphone was found. You can write instead.');
		case 'too_short':
			return t('That was too short. Tap once, speak, and tap again when you have finished.');
		case 'storage_full':
			return t('There is no room left on this phone. Free some space, then record it again.');
	}
}
