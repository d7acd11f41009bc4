/**
 * Sends what waits in the outbox, in page or worker, never in both at once. Everything it does may be cut off at any
 * point and done again: ids make it exactly once (I1), and nothing leaves the phone before a receipt lists it (I2).
 */
import { Problem, Unreachable, type Client } from '#lib/api/client.ts';
import type { ReportOut } from '#lib/api/types.ts';
import { backoff } from './backoff.ts';
import { getMeta, setMeta, type Db } from './db.ts';
import { filesOf, routeOf, type Receipt } from './kinds.ts';
import { ifNobodyIs, type Locks } from './locks.ts';
import { arrive } from './guest.ts';
import { nextDue, nextStep, type Step } from './next-step.ts';
import { allEntries, finish, giveToPerson, makeDue, recoverStale, updateEntry } from './outbox.ts';
import type { KeptProblem, OutboxEntry } from './rows.ts';
import { changed, listen, tell } from './signal.ts';
import { signedOut } from './signed-out.ts';
import { BytesLost, upload } from './upload.ts';

/** Why a drain was begun. */
export type DrainSource =
	'start' | 'online' | 'visible' | 'timer' | 'person' | 'enqueued' | 'signed_in' | 'worker';

export interface DrainParts {
	db: Db;
	client: Client;
	locks: Locks;
	now: () => number;
	random: () => number;
	/** False while photos wait for Wi-Fi. */
	photosAllowed: () => Promise<boolean>;
}

export interface DrainResult {
	/** `busy`: another tab or the worker is at it. `paused`: sign in first. `offline`: the server is out of reach. */
	outcome: 'idle' | 'busy' | 'paused' | 'offline';
	/** When to come back, ms since 1970; null when nothing waits for a time. */
	nextAt: number | null;
	/** Entries that are not sent yet: those behind a refused one and photos that wait for Wi-Fi, too. */
	waiting: number;
	/** Reports that something was sent for. */
	touched: string[];
}

const nothing = { nextAt: null, waiting: 0, touched: [] };

const lockName = 'khupho-outbox';
/** Sources that suggest that the network is back, or a person who does not want to wait. */
const hurried: readonly DrainSource[] = ['start', 'online', 'visible', 'person', 'signed_in', 'worker'];
/** Sources that try again although the server has said "signed out". */
const daring: readonly DrainSource[] = ['start', 'person', 'signed_in'];
/** What something on the way says to more than it lets through (RFC 9110): as often as it is asked. */
const tooLarge = 413;
/** Where the line is silent, it is asked every few seconds: going on must not wait for the end of a back-off. */
const knockMs = 4_000;
const knockPatienceMs = 3_000;
/** After that many requests in a row that reached nobody, or nobody who could do anything, the rest is spared. */
const enoughFailures = 2;

/** Sends what is due. Resolves when nothing is, or nothing can be. */
export async function drain(parts: DrainParts, from: { source: DrainSource }): Promise<DrainResult> {
	const result = await ifNobodyIs(parts.locks, lockName, () => run(parts, from.source));
	if (!result) return { ...nothing, outcome: 'busy' };
	tell({ drained: true });
	return result;
}

async function run(parts: DrainParts, source: DrainSource): Promise<DrainResult> {
	const { db } = parts;
	if ((await getMeta(db, 'paused')) && !daring.includes(source)) {
		return { ...nothing, outcome: 'paused' };
	}
	await recoverStale(db);
	if (hurried.includes(source) || (await lineIsBack(parts))) await makeDue(db, source === 'person');
	const touched = new Set<string>();
	const outcome = (await comeIn(parts)) ?? (await sendAll(parts, source, touched));
	const left = (await allEntries(db)).filter((entry) => entry.state === 'queued');
	return { outcome, nextAt: comeBackAt(left, parts), waiting: left.length, touched: [...touched] };
}

/**
 * Somebody without an account is known to the server by the first thing they send (R8). What keeps them out is said of
 * whatever waits, first of its lane. Null: they are in, or have no need to be.
 */
async function comeIn(parts: DrainParts): Promise<DrainResult['outcome'] | null> {
	const { db, client, now } = parts;
	const pass = await getMeta(db, 'guest');
	if (!pass || pass.arrived) return null;
	const waiting = (await allEntries(db)).filter((entry) => entry.state === 'queued');
	const known = (await db.get('account', 'me'))?.session_id;
	if (!known && !nextStep(waiting, { now: now(), photosAllowed: true })) return 'idle';
	try {
		await arrive(db, client, pass);
		return null;
	} catch (error) {
		const lanes = new Set<string>();
		for (const entry of waiting) {
			if (lanes.has(entry.lane)) continue;
			lanes.add(entry.lane);
			await settleFailure(parts, { ...entry, attempts: entry.attempts + 1 }, error);
		}
		return error instanceof Unreachable ? 'offline' : 'idle';
	}
}

/** Whether the server answers again although everything still waits because it could not be reached. */
async function lineIsBack({ db, client, now }: DrainParts): Promise<boolean> {
	const left = (await allEntries(db)).filter((entry) => entry.state === 'queued');
	const next = nextDue(left, now());
	if (!left.some(metNobody) || next === null || nextStep(left, { now: now(), photosAllowed: true }))
		return false;
	const knock = client.request('GET', '/api/config', { timeoutMs: knockPatienceMs }, isOurs);
	return knock.then(
		() => true,
		() => false
	);
}

function comeBackAt(left: readonly OutboxEntry[], { now, random }: DrainParts): number | null {
	const next = nextDue(left, now());
	if (next === null || !left.some(metNobody)) return next;
	return Math.min(next, now() + knockMs * (0.75 + random() / 4));
}

/** The last try reached no server of ours: no network, no answer, or a stranger's. */
function metNobody({ lastError, nextAttemptAt }: OutboxEntry): boolean {
	return nextAttemptAt > 0 && ['network', 'timeout', 'not_our_server'].includes(lastError?.code ?? '');
}

function isOurs(answer: unknown): answer is object {
	return typeof answer === 'object' && answer !== null && 'push_key' in answer;
}

async function sendAll(
	parts: DrainParts,
	source: DrainSource,
	touched: Set<string>
): Promise<DrainResult['outcome']> {
	const news = { come: false };
	const stop = listen((signal) => {
		news.come ||= signal.queued ?? false;
	});
	try {
		for (let failures = 0; failures < enoughFailures;) {
			const photosAllowed = source === 'person' || (await parts.photosAllowed());
			const step = nextStep(await allEntries(parts.db), { now: parts.now(), photosAllowed });
			if (!step) return 'idle';
			const result = await perform(parts, step, news);
			if (result === 'signed_out') return 'paused';
			if (result === 'sent' && step.entry.reportId) touched.add(step.entry.reportId);
			failures = result === 'unreachable' ? failures + 1 : 0;
		}
		return 'offline';
	} finally {
		stop();
	}
}

type StepResult = 'sent' | 'refused' | 'unreachable' | 'signed_out';

async function perform(parts: DrainParts, step: Step, news: { come: boolean }): Promise<StepResult> {
	const entry = await updateEntry(parts.db, step.entry.id, (row) =>
		row.state === 'queued' ? { ...row, state: 'sending', attempts: row.attempts + 1 } : null
	);
	// Taken back or discarded a moment ago.
	if (entry?.state !== 'sending') return 'refused';
	news.come = false;
	try {
		if (step.kind === 'photos' && !(await sendPhotos(parts, entry, () => news.come))) {
			await updateEntry(parts.db, entry.id, (row) => ({
				...row,
				state: 'queued',
				attempts: row.attempts - 1
			}));
			return 'sent';
		}
		await tellServer(parts, entry);
		if (await getMeta(parts.db, 'paused')) await setMeta(parts.db, 'paused', null);
		return 'sent';
	} catch (error) {
		return settleFailure(parts, entry, error);
	}
}

/** All photos of an entry, one after the other. False: interrupted by something more urgent. */
async function sendPhotos(
	parts: DrainParts,
	entry: OutboxEntry,
	interrupted: () => boolean
): Promise<boolean> {
	const { db, client } = parts;
	for (const photoId of entry.photoIds) {
		const row = await db.get('uploads', photoId);
		if (row && row.offset >= row.length) continue;
		if (!(await upload({ db, client, interrupted }, photoId))) return false;
	}
	return true;
}

async function tellServer(parts: DrainParts, entry: OutboxEntry): Promise<void> {
	const route = routeOf(entry);
	const body = route.body(entry);
	const check = (answer: unknown): answer is unknown => route.answers(answer, entry);
	const answer = await parts.client.request(route.method, route.path(entry), { body }, check);
	if (!route.receipt) return finish(parts.db, entry.id);
	const receipt = answer as Receipt;
	const stored = new Map(filesOf(receipt).map((file) => [file.sha256, file.stored]));
	if (entry.photos.every((photo) => stored.get(photo.sha256))) return finish(parts.db, entry.id);
	await expectPhotos(parts, entry, receipt, stored);
}

/** Received, but not all its photos: note which still have to go. */
async function expectPhotos(
	parts: DrainParts,
	entry: OutboxEntry,
	receipt: Receipt,
	stored: ReadonlyMap<string, boolean>
): Promise<void> {
	const { db } = parts;
	let sentInVain = false;
	for (const [index, photoId] of entry.photoIds.entries()) {
		const photo = entry.photos[index];
		const row = await db.get('uploads', photoId);
		if (!photo || !row) continue;
		const here = row.offset >= row.length;
		const there = stored.get(photo.sha256) ?? false;
		if (there && !here) await db.put('uploads', { ...row, offset: row.length });
		if (!there && here) {
			sentInVain = true;
			await db.put('uploads', { ...row, url: null, offset: 0 });
		}
	}
	await updateEntry(db, entry.id, (now) => ({
		...now,
		state: 'queued',
		receivedAt: now.receivedAt ?? receipt.received_at,
		code: 'code' in receipt ? receipt.code : now.code,
		lastError: null,
		attempts: sentInVain ? now.attempts : 1,
		nextAttemptAt: sentInVain ? parts.now() + backoff(now.attempts, null, parts.random) : 0
	}));
	changed('uploads');
}

async function settleFailure(parts: DrainParts, entry: OutboxEntry, error: unknown): Promise<StepResult> {
	const { db } = parts;
	if (error instanceof BytesLost) {
		await giveToPerson(db, entry.id, { code: 'photo_lost', title: '', detail: '', status: 0 });
		return 'refused';
	}
	if (error instanceof Problem) {
		if (error.status === 401) {
			await requeue(parts, entry, error, null);
			const waits = await signedOut(db);
			changed('meta');
			return waits ? 'signed_out' : 'unreachable';
		}
		if (error.temporary) {
			await requeue(parts, entry, error, error.retryAfter);
			// Not this entry is too much, but every one: a server that is short of breath is not asked for all of them.
			return error.status === 503 ? 'unreachable' : 'refused';
		}
		let there: boolean;
		try {
			there = await editIsThere(parts, entry, error);
		} catch (unanswered) {
			// Whether it counted is not known yet: the next try asks again.
			return settleFailure(parts, entry, unanswered);
		}
		if (there) {
			await finish(db, entry.id);
			return 'sent';
		}
		await giveToPerson(db, entry.id, keep(error));
		return 'refused';
	}
	if (error instanceof Unreachable) {
		if (error.status === tooLarge) {
			await giveToPerson(db, entry.id, {
				code: 'too_large_on_the_way',
				title: '',
				detail: '',
				status: tooLarge
			});
			return 'refused';
		}
		await requeue(parts, entry, error, error.retryAfter);
		return 'unreachable';
	}
	// A full phone or a closing database: the entry is `sending` and will be found again.
	throw error;
}

async function requeue(
	parts: DrainParts,
	entry: OutboxEntry,
	error: Problem | Unreachable,
	asked: number | null
): Promise<void> {
	await updateEntry(parts.db, entry.id, (row) => ({
		...row,
		state: 'queued',
		lastError: keep(error),
		attempts: Math.max(row.attempts, entry.attempts),
		nextAttemptAt: parts.now() + backoff(Math.max(row.attempts, entry.attempts), asked, parts.random)
	}));
}

/**
 * Codes of our own, for what the server did not say: `network`, `timeout`, `not_our_server`, and for the person (in
 * words of `thread/problemWords.ts`): `photo_lost`, `too_large_on_the_way`.
 */
function keep(error: Problem | Unreachable): KeptProblem {
	if (error instanceof Unreachable) {
		return { code: error.reason, title: '', detail: '', status: error.status };
	}
	const { code, title, detail, status, errors, state } = error;
	const kept: KeptProblem = { code, title, detail, status, errors: [...errors] };
	return state ? { ...kept, state } : kept;
}

/**
 * An edit has no id of its own. When its first answer was lost and the report was accepted since, the second try is
 * refused (409) although the first one counted: then the report says what the edit wanted. Throws what keeps us from
 * looking, if it may be better later.
 */
async function editIsThere(parts: DrainParts, entry: OutboxEntry, error: Problem): Promise<boolean> {
	if (entry.kind !== 'edit' || error.status !== 409 || entry.attempts < 2) return false;
	let found: { report: ReportOut };
	try {
		found = await parts.client.request('GET', `/api/reports/${entry.reportId}`);
	} catch (failure) {
		if (failure instanceof Problem && failure.status !== 401 && !failure.temporary) return false;
		throw failure;
	}
	return Object.entries(entry.payload).every(
		([field, wanted]) => asStored(found.report[field as keyof ReportOut]) === asStored(wanted)
	);
}

function asStored(value: unknown): unknown {
	return typeof value === 'string' ? value.normalize('NFC').trim() : value;
}
