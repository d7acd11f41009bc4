/** Calls being written down: kept while the operator types, and queued in the same transaction that ends the draft. */
import { writeStrict, type Db } from './db.ts';
import { addEntry, enqueue, outboxStores, replaceEntry } from './outbox.ts';
import type { CallDraft, OutboxEntry, Payloads } from './rows.ts';
import { queued } from './signal.ts';

/** A call of which nothing is known yet. */
export function emptyCallDraft(language: CallDraft['language']): CallDraft {
	const now = Date.now();
	return {
		id: crypto.randomUUID(),
		kind: 'call',
		number: '',
		callerId: null,
		name: '',
		language,
		category_id: null,
		answers: {},
		area_id: null,
		lat: null,
		lon: null,
		address: '',
		description: '',
		photoIds: [],
		createdAt: now,
		updatedAt: now,
		revises: null,
		problem: null
	};
}

/** A refused call as a draft again, under an id of its own. */
export function callDraft(entry: Extract<OutboxEntry, { kind: 'call' }>): CallDraft {
	const { report, ...caller } = entry.payload;
	return {
		...emptyCallDraft(caller.language ?? 'vi'),
		number: caller.number ?? '',
		callerId: caller.caller_id ?? null,
		name: caller.name ?? '',
		category_id: report.category_id,
		answers: report.answers ? { [report.category_id]: report.answers } : {},
		area_id: report.area_id ?? null,
		lat: report.lat ?? null,
		lon: report.lon ?? null,
		address: report.address ?? '',
		description: report.description ?? '',
		createdAt: entry.createdAt,
		revises: entry.id,
		problem: entry.lastError
	};
}

/** The call lacks its kind of problem. */
export class CallUnfinished extends Error {
	constructor() {
		super('a call needs a category');
		this.name = 'CallUnfinished';
	}
}

/** Queues a call and ends its draft. Throws `CallUnfinished`, `StorageFull`; the draft is then still there. */
export async function submitCall(db: Db, draft: CallDraft): Promise<OutboxEntry> {
	if (draft.category_id === null) throw new CallUnfinished();
	const payload = payloadOf(draft, draft.category_id);
	const entry = await writeStrict(db, [...outboxStores], async (tx) => {
		await tx.objectStore('drafts').delete(draft.id);
		const made = { kind: 'call' as const, id: draft.id, payload };
		return draft.revises ? replaceEntry(tx, draft.revises, made) : addEntry(tx, made);
	});
	queued('drafts');
	return entry;
}

function payloadOf(draft: CallDraft, category_id: string): Payloads['call'] {
	const report: Payloads['call']['report'] = {
		category_id,
		located_by: 'none',
		device_created_at: new Date(draft.createdAt).toISOString()
	};
	if (draft.description.trim()) report.description = draft.description;
	if (draft.address.trim()) report.address = draft.address;
	if (draft.area_id) report.area_id = draft.area_id;
	const answers = draft.answers[category_id];
	if (answers) report.answers = answers;
	if (draft.lat !== null && draft.lon !== null) {
		report.lat = draft.lat;
		report.lon = draft.lon;
		report.located_by = 'map';
	}
	const payload: Payloads['call'] = { report, number: draft.number.trim(), language: draft.language };
	if (draft.callerId) payload.caller_id = draft.callerId;
	else payload.name = draft.name.trim();
	return payload;
}

/** What a caller says about a report of theirs; without words they only ask after it. */
export async function sayForCaller(db: Db, reportId: string, text: string): Promise<void> {
	const payload: Payloads['caller_words'] = { device_created_at: new Date().toISOString() };
	if (text.trim()) payload.text = text;
	await enqueue(db, { kind: 'caller_words', reportId, payload });
}
