import { N_ } from '#lib/i18n/fill.ts';

export interface Notice {
	/** English msgids, translated by the worker's own small catalogue. */
	title: string;
	body: string;
}

/** What a notification of each kind says. No name, place or word of a report: a locked screen shows this. */
export const notices: Readonly<Record<string, Notice>> = {
	report_new: { title: N_('A new report has come in'), body: N_('Open it to see what and where.') },
	message: { title: N_('New message about a report'), body: N_('Open it to read and answer.') },
	question: { title: N_('There is a question for you'), body: N_('Open your report to answer.') },
	answer: { title: N_('Your question was answered'), body: N_('Open the report to read it.') },
	deadline: {
		title: N_('The time for a report is over, or nearly'),
		body: N_('Open it to see what is due.')
	},
	followed: {
		title: N_('News about something you see, too'),
		body: N_('Open it to see what has become of it.')
	},
	moderated: { title: N_('Something was decided about a report'), body: N_('Open it to read what and why.') },
	handover: {
		title: N_('A report has another department now'),
		body: N_('Open it to read why.')
	},
	part: { title: N_('Several departments work on a report'), body: N_('Open it to see who does what.') },
	crisis: {
		title: N_('Emergency where you live: a message from the ward'),
		body: N_('Open it to read what to do.')
	},
	nudge: { title: N_('The reporter asks where it stands.'), body: N_('Open the report to read it.') }
};

/** A report moved on: what that means for the person who follows it. */
export const stateNotices: Readonly<Record<string, Notice>> = {
	accepted: { title: N_('Your report was accepted'), body: N_('Open it to see when an answer is due.') },
	in_progress: { title: N_('Your report is being worked on'), body: N_('Open it to follow what happens.') },
	awaiting_reporter: { title: N_('There is a question for you'), body: N_('Open your report to answer.') },
	resolved: {
		title: N_('It should be fixed now'),
		body: N_('Is it? Open your report and tell us with one tap.')
	},
	disputed: { title: N_('A report is not solved yet'), body: N_('The person who reported it says so.') },
	closed: { title: N_('Your report is closed'), body: N_('Open it to see how it went.') },
	rejected: { title: N_('Your report was not taken on'), body: N_('Open it to read the reason.') },
	merged: {
		title: N_('Your report was joined with another'),
		body: N_('You will hear about both in one place.')
	}
};

/** What the reporter can say to a result from the notification itself (C8); `to` is the move. */
export const answers = [
	{ action: 'fixed', to: 'closed', title: N_('Fixed') },
	{ action: 'not-fixed', to: 'disputed', title: N_('Not fixed') }
] as const;

/** What takes the question's place once it is answered: true with and without a connection. */
export const answered: Readonly<Record<(typeof answers)[number]['to'], Notice>> = {
	closed: {
		title: N_('Noted: it is fixed'),
		body: N_('Your answer is on its way. Open the report to say how it went.')
	},
	disputed: {
		title: N_('Noted: it is not fixed'),
		body: N_('The department has to look again. Open the report to say what is still wrong.')
	}
};

/** For a kind that a newer server knows and this version of the app does not. */
export const anyNotice: Notice = {
	title: N_('There is something new for you'),
	body: N_('Open it to read.')
};
