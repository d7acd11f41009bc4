/** What each decision about a report is called on its button and asks for in its sheet. */
import { t } from '#lib/i18n/index.ts';
import type { Decision } from '#lib/state/index.ts';
import { camera, eye, eyeOff, pencil, rotateCcw } from '#lib/ui/icons.ts';

export interface DecisionWords {
	/** On the button. */
	verb: string;
	/** What follows from it. */
	meaning: string;
	textLabel: string;
	icon: string;
	/** Nobody is told what they do not need to know: the author reads this. */
	reasoned: boolean;
	/** Reasons that often fit: one touch writes them. */
	usual: readonly string[];
}

export function decisionWords(decision: Decision): DecisionWords {
	switch (decision) {
		case 'approve':
			return {
				verb: t('Show to neighbours'),
				meaning: t('What and where may be seen by everybody; who reported it never.'),
				textLabel: '',
				icon: eye,
				reasoned: false,
				usual: []
			};
		case 'hide':
			return {
				verb: t('Do not show'),
				meaning: t('The work goes on. The reporter reads the reason, and may ask the ward to look again.'),
				textLabel: t('Reason, as the reporter will read it'),
				icon: eyeOff,
				reasoned: true,
				usual: [
					t('A face or a number plate can be seen.'),
					t('It names a person.'),
					t('The words are not fit for others.')
				]
			};
		case 'verify':
			return {
				verb: t('Verify on site'),
				meaning: t('Take a photo of the place. The department sees that you were there.'),
				textLabel: t('What did you see?'),
				icon: camera,
				reasoned: false,
				usual: []
			};
		case 'correct':
			return {
				verb: t('Correct kind or place'),
				meaning: t('It goes to the department in charge of that. The reporter reads the reason.'),
				textLabel: t('Reason, as the reporter will read it'),
				icon: pencil,
				reasoned: true,
				usual: [t('It is of another kind.'), t('It is at another place.')]
			};
		case 'appeal':
			return {
				verb: t('Ask the ward to look again'),
				meaning: t('This is possible once. Say why it should be shown.'),
				textLabel: t('Why should it be shown?'),
				icon: rotateCcw,
				reasoned: true,
				usual: []
			};
	}
}
