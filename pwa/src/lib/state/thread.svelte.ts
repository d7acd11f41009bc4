/** The conversation of one report: the server's rows in its order, then what this phone still has to send. */
import type { MessageOut, Side, ThreadEvent } from '#lib/api/types.ts';
import type { Db } from '#lib/data/db.ts';
import type { OutboxEntry } from '#lib/data/rows.ts';
import { deliveryOf, type Delivery } from './delivery.ts';
import { liveBy } from './live.svelte.ts';
import { entryPhotos, entryVoice, serverPhotos, type PhotoView, type VoiceView } from './pictures.ts';

export interface ThreadItem {
	id: string;
	/** The server's order; null while only on this phone. */
	seq: number | null;
	/** Null for what is still on this phone: it is one's own, see `mine`. */
	side: Side | null;
	authorName: string | null;
	mine: boolean;
	kind: 'message' | 'event' | 'note';
	text: string;
	event: ThreadEvent | null;
	question: boolean;
	createdAt: string;
	photos: PhotoView[];
	voice: VoiceView | null;
	/** Null once the server has all of it. */
	delivery: Delivery | null;
}

/** `thread(reportId).current`: oldest first. */
export const thread = liveBy<ThreadItem[]>(['messages', 'cases', 'outbox', 'uploads'], readThread);

const rowKinds: ReadonlySet<string> = new Set([
	'message',
	'move',
	'rating',
	'decision',
	'nudge',
	'handover',
	'split',
	'part_done'
]);

async function readThread(db: Db, reportId: string): Promise<ThreadItem[]> {
	const entries = (await db.getAllFromIndex('outbox', 'by_report', reportId)).sort(
		(a, b) => a.order - b.order
	);
	const byId = new Map(entries.map((entry) => [entry.id, entry]));
	const messages = await knownMessages(db, reportId);
	const known = new Set(messages.map((message) => message.id));
	const waiting = entries.filter((entry) => rowKinds.has(entry.kind) && !known.has(entry.id));
	return Promise.all([
		...messages.map((message) => sentItem(db, message, byId.get(message.id))),
		...waiting.map((entry) => waitingItem(db, entry))
	]);
}

/** From the replica and, for a desk, from the case as last opened; the newer copy of a row wins. */
async function knownMessages(db: Db, reportId: string): Promise<MessageOut[]> {
	const rows = new Map<string, MessageOut>();
	for (const message of (await db.get('cases', reportId))?.messages ?? []) rows.set(message.id, message);
	for (const message of await db.getAllFromIndex('messages', 'by_report', reportId)) {
		rows.set(message.id, message);
	}
	return [...rows.values()].sort((a, b) => a.seq - b.seq);
}

async function sentItem(db: Db, message: MessageOut, entry: OutboxEntry | undefined): Promise<ThreadItem> {
	const unfinished = entry && entry.state !== 'done';
	return {
		id: message.id,
		seq: message.seq,
		side: message.side,
		authorName: message.author_name,
		mine: message.mine,
		kind: message.kind,
		text: message.text,
		// The server's states are ours; its description calls them text.
		event: message.event as ThreadEvent | null,
		question: message.question,
		createdAt: message.created_at,
		photos: await serverPhotos(db, message.photos, entry),
		// A copy from before there were voice notes has none.
		voice: message.voice ?? null,
		delivery: unfinished ? await deliveryOf(db, entry) : null
	};
}

async function waitingItem(db: Db, entry: OutboxEntry): Promise<ThreadItem> {
	const shown = {
		id: entry.id,
		seq: null,
		side: null,
		authorName: null,
		mine: true,
		createdAt: entry.receivedAt ?? new Date(entry.createdAt).toISOString(),
		photos: await entryPhotos(db, entry),
		voice: entryVoice(entry),
		delivery: await deliveryOf(db, entry)
	};
	if (entry.kind === 'move') {
		const { to, reason = null, text = '' } = entry.payload;
		return { ...shown, kind: 'event', text, event: { type: 'moved', to, reason }, question: false };
	}
	if (entry.kind !== 'message') {
		const { text, event } = (await import('./waitingEvents.ts')).waitingEvent(entry);
		return { ...shown, kind: 'event', text, event, question: false };
	}
	const { text = '', note = false, question = false } = entry.payload;
	return { ...shown, kind: note ? 'note' : 'message', text, event: null, question };
}
