/** What each move is called on its button and asks for in its sheet. */
import { t } from '#lib/i18n/index.ts';
import type { ReportState, ReportView } from '#lib/state/index.ts';
import {
	check,
	circleCheck,
	circleX,
	gitMerge,
	hammer,
	messageCircleQuestionMark,
	rotateCcw,
	undo2
} from '#lib/ui/icons.ts';

export interface MoveWords {
	/** On the button. */
	verb: string;
	/** What follows from it. */
	meaning: string;
	textLabel: string;
	reasonLabel: string;
	icon: string;
	/** Ends the report: asked twice. */
	ends: boolean;
}

export function moveWords(to: ReportState, report: Pick<ReportView, 'state' | 'mine'>): MoveWords {
	return { ...generalWords(), ...specialWords(to, report) };
}

function generalWords(): Omit<MoveWords, 'verb' | 'icon'> {
	return { meaning: '', textLabel: t('Message'), reasonLabel: t('Reason'), ends: false };
}

function specialWords(
	to: ReportState,
	report: Pick<ReportView, 'state' | 'mine'>
): Partial<MoveWords> & Pick<MoveWords, 'verb' | 'icon'> {
	switch (to) {
		case 'accepted':
			return { verb: t('Accept'), meaning: t('The reporter is told that you take it on.'), icon: check };
		case 'in_progress':
			return {
				verb: report.state === 'accepted' ? t('Start the work') : t('Go on with the work'),
				meaning:
					report.state === 'accepted'
						? t('The reporter sees that the work has begun.')
						: t('The reporter sees it, and the clock runs again.'),
				icon: hammer
			};
		case 'awaiting_reporter':
			return {
				verb: t('Ask the reporter'),
				meaning: t('The clock stands until the reporter answers.'),
				textLabel: t('Your question'),
				icon: messageCircleQuestionMark
			};
		case 'resolved':
			return {
				verb: t('Solved'),
				meaning: t('The reporter is asked whether it is fixed.'),
				textLabel: t('What was done'),
				icon: circleCheck
			};
		case 'closed':
			return { verb: t('Fixed'), meaning: t('This closes the report.'), icon: check };
		case 'disputed':
			return {
				verb: t('Not fixed'),
				meaning: t('The department has to look again, and the supervisor is told.'),
				textLabel: t('What is still wrong?'),
				icon: rotateCcw
			};
		case 'rejected':
			return {
				verb: t('Do not take on'),
				meaning: t('The reporter is told the reason and may ask to look again once.'),
				reasonLabel: t('Reason, as the reporter will read it'),
				icon: circleX,
				ends: true
			};
		case 'merged':
			return {
				verb: t('Join with another report'),
				meaning: t('The reporter follows the other report from then on.'),
				icon: gitMerge,
				ends: true
			};
		case 'withdrawn':
			return {
				verb: t('Withdraw the report'),
				meaning: t('Nobody will work on it any more.'),
				icon: undo2,
				ends: true
			};
		case 'submitted':
			if (report.state === 'merged') {
				return {
					verb: t('Take apart again'),
					meaning: t('It was another problem after all: it begins anew, on its own.'),
					reasonLabel: t('Reason, as the reporter will read it'),
					icon: rotateCcw
				};
			}
			return {
				verb: t('Ask to look again'),
				meaning: t('This is possible once. Say why it should be taken on.'),
				reasonLabel: t('Why should it be taken on?'),
				icon: rotateCcw
			};
	}
}
