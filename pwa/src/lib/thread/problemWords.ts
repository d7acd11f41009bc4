import type { KeptProblem } from '#lib/data/rows.ts';
import { t } from '#lib/i18n/index.ts';

/** Why something was not taken, for the person: in the server's words, or in ours where it said nothing. */
export function problemWords(problem: KeptProblem): string {
	switch (problem.code) {
		case 'photo_lost':
			return t('A photo or voice note is no longer on this phone. Please make it again, or send it without.');
		case 'too_large_on_the_way':
			return t(
				'This connection does not let anything so large through. Please try another one, or send it without photos.'
			);
		default:
			return problem.detail || problem.title;
	}
}
