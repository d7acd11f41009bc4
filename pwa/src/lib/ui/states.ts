import { N_ } from '#lib/i18n/index.ts';
import {
	check,
	circleCheck,
	circleDot,
	circleX,
	clock,
	cloudUpload,
	gitMerge,
	hammer,
	messageCircleQuestionMark,
	pencil,
	rotateCcw,
	smartphone,
	triangleAlert,
	undo2
} from './icons.ts';

export type Tone = 'info' | 'wait' | 'done' | 'danger' | 'stopped' | 'accent';

export interface StateLook {
	/** An English msgid. */
	word: string;
	icon: string;
	tone: Tone;
}

/** The states a report can be in on the server. */
export const reportStates = {
	submitted: { word: N_('Sent, waiting to be accepted'), icon: clock, tone: 'info' },
	accepted: { word: N_('Accepted'), icon: check, tone: 'info' },
	in_progress: { word: N_('Being worked on'), icon: hammer, tone: 'info' },
	awaiting_reporter: { word: N_('Waiting for your answer'), icon: messageCircleQuestionMark, tone: 'wait' },
	resolved: { word: N_('Done. Is it fixed?'), icon: circleDot, tone: 'accent' },
	disputed: { word: N_('You said it is not fixed'), icon: rotateCcw, tone: 'wait' },
	closed: { word: N_('Closed'), icon: circleCheck, tone: 'done' },
	rejected: { word: N_('Not taken on'), icon: circleX, tone: 'stopped' },
	merged: { word: N_('Joined with another report'), icon: gitMerge, tone: 'stopped' },
	withdrawn: { word: N_('Withdrawn'), icon: undo2, tone: 'stopped' }
} as const satisfies Record<string, StateLook>;

/** The same states as somebody sees them who did not write the report: the department, the head. */
export const othersStates: Partial<Record<keyof typeof reportStates, StateLook>> = {
	submitted: { word: N_('New, not accepted yet'), icon: clock, tone: 'wait' },
	awaiting_reporter: { word: N_('Waiting for the reporter'), icon: messageCircleQuestionMark, tone: 'info' },
	resolved: { word: N_('Done, waiting for the reporter to confirm'), icon: circleDot, tone: 'info' },
	disputed: { word: N_('The reporter says it is not fixed'), icon: rotateCcw, tone: 'danger' }
};

/** The states of what is still on the phone. */
export const queueStates = {
	draft: { word: N_('Draft, not sent'), icon: pencil, tone: 'stopped' },
	queued: { word: N_('Saved on this phone. It will send by itself.'), icon: smartphone, tone: 'info' },
	sending: { word: N_('Sending'), icon: cloudUpload, tone: 'info' },
	done: { word: N_('Received'), icon: circleCheck, tone: 'done' },
	needs_person: { word: N_('Needs you: please look at it again'), icon: triangleAlert, tone: 'danger' }
} as const satisfies Record<string, StateLook>;

export type ReportState = keyof typeof reportStates;
export type QueueState = keyof typeof queueStates;

export function lookOf(state: ReportState | QueueState, mine = true): StateLook {
	if (state in queueStates) return queueStates[state as QueueState];
	const report = state as ReportState;
	return (mine ? undefined : othersStates[report]) ?? reportStates[report];
}
