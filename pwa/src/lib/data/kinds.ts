/** How each kind of entry is sent, and what its answer looks like: data, read by `drain.ts`. */
import type { Method } from '#lib/api/client.ts';
import type { MessageReceipt, PhotoReceipt, ReportReceipt } from '#lib/api/types.ts';
import { isVoice } from './files.ts';
import type { Kind, OutboxEntry } from './rows.ts';

type EntryOfKind<K extends Kind> = Extract<OutboxEntry, { kind: K }>;

/** What a receipt tells, whatever the kind. */
export type Receipt = MessageReceipt | ReportReceipt;

export interface Route<K extends Kind> {
	method: Method;
	path: (entry: EntryOfKind<K>) => string;
	body: (entry: EntryOfKind<K>) => unknown;
	/** Answers with a receipt that lists the photos; other kinds are done with any answer of ours. */
	receipt: boolean;
	/** The answer of our server to this entry, and of nobody else. */
	answers: (answer: unknown, entry: EntryOfKind<K>) => boolean;
}

const onReport = (entry: OutboxEntry) => `/api/reports/${entry.reportId}`;
const nothing = (answer: unknown) => answer === null;

function withFiles({ payload, photos: files }: OutboxEntry) {
	const photos = files.filter((file) => !isVoice(file));
	const voice = files.find(isVoice);
	return { ...payload, photos, ...(voice && { voice }) };
}

/** What a receipt says of all files of an entry. */
export function filesOf({ photos, voice }: Receipt): PhotoReceipt[] {
	return voice ? [voice, ...photos] : photos;
}

export const routes: { [K in Kind]: Route<K> } = {
	report: {
		method: 'PUT',
		path: onReport,
		body: withFiles,
		receipt: true,
		answers: isReceiptFor
	},
	message: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/messages/${entry.id}`,
		body: withFiles,
		receipt: true,
		answers: isReceiptFor
	},
	move: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/moves/${entry.id}`,
		body: withFiles,
		receipt: true,
		answers: isReceiptFor
	},
	join: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/joins/${entry.id}`,
		body: (entry) => ({ device_created_at: entry.payload.device_created_at }),
		receipt: false,
		answers: (answer, entry) => hasId(answer, entry.id)
	},
	leave: {
		method: 'DELETE',
		path: (entry) => `${onReport(entry)}/joins`,
		body: () => undefined,
		receipt: false,
		answers: nothing
	},
	decision: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/decisions/${entry.id}`,
		body: withFiles,
		receipt: true,
		answers: isReceiptFor
	},
	rating: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/ratings/${entry.id}`,
		body: (entry) => entry.payload,
		receipt: true,
		answers: isReceiptFor
	},
	nudge: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/nudges/${entry.id}`,
		body: (entry) => entry.payload,
		receipt: true,
		answers: isReceiptFor
	},
	handover: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/handovers/${entry.id}`,
		body: (entry) => entry.payload,
		receipt: true,
		answers: isReceiptFor
	},
	split: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/splits/${entry.id}`,
		body: (entry) => entry.payload,
		receipt: true,
		answers: isReceiptFor
	},
	part_done: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/parts/${entry.payload.department_id}/closings/${entry.id}`,
		// The department stands in the address; what else is said is not known there.
		body: ({ payload: { text, device_created_at }, photos }) => ({ text, device_created_at, photos }),
		receipt: true,
		answers: isReceiptFor
	},
	call: {
		method: 'PUT',
		path: (entry) => `/api/calls/${entry.id}`,
		body: (entry) => entry.payload,
		receipt: false,
		answers: (answer, entry) => hasId(answer, entry.id)
	},
	caller_words: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/caller-words/${entry.id}`,
		body: (entry) => entry.payload,
		receipt: false,
		answers: (answer, entry) => hasId(answer, entry.id)
	},
	edit: {
		method: 'PATCH',
		path: onReport,
		body: (entry) => entry.payload,
		receipt: false,
		answers: (answer, entry) => hasId(answer, entry.reportId)
	},
	read: {
		method: 'PUT',
		path: (entry) => `${onReport(entry)}/read-marker`,
		body: (entry) => entry.payload,
		receipt: false,
		answers: nothing
	},
	notification_read: {
		method: 'PUT',
		path: () => '/api/notifications/read',
		body: (entry) => entry.payload,
		receipt: false,
		answers: nothing
	},
	profile: {
		method: 'PATCH',
		path: () => '/api/me',
		body: (entry) => entry.payload,
		receipt: false,
		answers: (answer) => isObject(answer) && typeof answer['session_id'] === 'string'
	},
	push_subscription: {
		method: 'PUT',
		path: (entry) => `/api/push/subscriptions/${entry.id}`,
		body: (entry) => entry.payload,
		receipt: false,
		answers: (answer, entry) => hasId(answer, entry.id)
	},
	push_unsubscription: {
		method: 'DELETE',
		path: (entry) => `/api/push/subscriptions/${entry.payload.id}`,
		body: () => undefined,
		receipt: false,
		answers: nothing
	},
	desk_view: {
		method: 'PUT',
		path: (entry) => `/api/desk/views/${entry.id}`,
		body: (entry) => entry.payload,
		receipt: false,
		answers: (answer, entry) => hasId(answer, entry.id)
	},
	desk_view_removal: {
		method: 'DELETE',
		path: (entry) => `/api/desk/views/${entry.payload.id}`,
		body: () => undefined,
		receipt: false,
		answers: nothing
	},
	crisis: {
		method: 'PUT',
		path: (entry) => entry.payload.path,
		body: (entry) => entry.payload.body,
		receipt: false,
		answers: (answer, entry) => hasId(answer, entry.payload.answers)
	}
};

/** The row of the table for this entry. */
export function routeOf(entry: OutboxEntry): Route<Kind> {
	// An entry carries its own kind, so its row takes it; TypeScript cannot follow that across a union.
	return routes[entry.kind] as unknown as Route<Kind>;
}

/** Is this the receipt of that entry: its id, and every file it named? */
function isReceiptFor(answer: unknown, entry: OutboxEntry): boolean {
	if (!hasId(answer, entry.id) || !isObject(answer)) return false;
	const photos = answer['photos'];
	if (typeof answer['received_at'] !== 'string' || !Array.isArray(photos)) return false;
	const listed = new Set(
		[...photos, answer['voice']]
			.filter((photo) => isObject(photo) && typeof photo['stored'] === 'boolean')
			.map((photo: Record<string, unknown>) => photo['sha256'])
	);
	return entry.photos.every((photo) => listed.has(photo.sha256));
}

function hasId(answer: unknown, id: string | null): boolean {
	return isObject(answer) && answer['id'] === id;
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
