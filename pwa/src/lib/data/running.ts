/** Drains and pulls at the right moments, in a page. For the worker there is `background.ts`. */
import type { MeOut } from '#lib/api/types.ts';
import { refreshCase } from './cases.ts';
import { database, getMeta, type Db } from './db.ts';
import type { DrainResult, DrainSource } from './drain.ts';
import { followEvents } from './events.ts';
import { listen } from './signal.ts';
import { liveParts } from './parts.ts';
import { pull } from './sync.ts';

/** `navigator.onLine` lies, so that something is tried now and then in any case. */
const probeMs = 30_000;
/** After another tab or the worker was at it: look again. */
const busyMs = 2_000;

let timer: ReturnType<typeof setTimeout> | null = null;
let running: Promise<void> | null = null;
let again: DrainSource | null = null;

/** Drains now; several calls at once become one more round. */
export function drainNow(source: DrainSource): Promise<void> {
	if (running) {
		again = again === 'person' ? again : source;
		return running;
	}
	running = rounds(source).finally(() => (running = null));
	return running;
}

async function rounds(source: DrainSource): Promise<void> {
	for (let next: DrainSource | null = source; next; next = again) {
		again = null;
		schedule(await round(next));
	}
}

async function round(source: DrainSource): Promise<DrainResult> {
	const parts = await liveParts();
	// Mostly nothing waits: then what sends is not even fetched.
	const waiting = (await parts.db.getAll('outbox')).filter((entry) => entry.state !== 'done').length;
	if (waiting === 0 && !(await hasLostSession(parts.db)))
		return { outcome: 'idle', nextAt: null, waiting, touched: [] };
	const sending = await import('./drain.ts').catch(() => null);
	if (!sending) return { outcome: 'offline', nextAt: null, waiting, touched: [] };
	const result = await sending.drain(parts, { source });
	if (result.touched.length > 0) {
		void pullNow();
		for (const id of result.touched) void refreshCase(parts.db, id);
	}
	return result;
}

function schedule(result: DrainResult): void {
	if (timer) clearTimeout(timer);
	timer = null;
	if (result.outcome === 'busy') timer = setTimeout(() => void drainNow('timer'), busyMs);
	else if (result.outcome !== 'paused' && result.waiting > 0) {
		const wait = result.nextAt === null ? probeMs : Math.max(0, result.nextAt - Date.now());
		timer = setTimeout(() => void drainNow('timer'), Math.min(wait, probeMs));
	}
}

let pulling: Promise<void> | null = null;
let pullAgain = false;

/**
 * Pulls now; never throws: a failure shows as an old "last updated". `daring`: even though the server said "signed
 * out" the last time.
 */
export function pullNow(daring = false): Promise<void> {
	if (pulling) {
		pullAgain = true;
		return pulling;
	}
	pulling = pullRounds(daring).finally(() => (pulling = null));
	return pulling;
}

async function pullRounds(daring: boolean): Promise<void> {
	const parts = await liveParts();
	for (let dares = daring; ; dares = false) {
		pullAgain = false;
		if (!(await (dares ? isKnown() : isSignedIn()))) return;
		await pull(parts).catch(() => undefined);
		if (!pullAgain) return;
	}
}

/** Nobody has to wait for it: it is tried again at the next start. */
async function endLeftSession(): Promise<void> {
	const db = await database();
	if (!(await getMeta(db, 'revokeSession'))) return;
	const account = await import('./account.ts');
	await account.endSession(db);
}

/** A guest comes back by the code, without being asked. */
async function hasLostSession(db: Db): Promise<boolean> {
	const pass = await getMeta(db, 'guest');
	return pass?.arrived === false && (await isKnown());
}

/** Nobody the server has not seen yet: a guest before the first report has gone out. */
async function isKnown(): Promise<boolean> {
	return isIn(await (await database()).get('account', 'me'));
}

async function isSignedIn(): Promise<boolean> {
	const tx = (await database()).transaction(['account', 'meta']);
	const [me, paused] = await Promise.all([
		tx.objectStore('account').get('me'),
		tx.objectStore('meta').get('paused')
	]);
	return isIn(me) && !paused;
}

function isIn(me: MeOut | undefined): boolean {
	return me !== undefined && me.session_id !== '';
}

/** The `sync` event of Chromium: drains once the line is back although the page is closed. A bonus. */
async function askForBackgroundSync(): Promise<void> {
	const registration = await navigator.serviceWorker?.getRegistration();
	const manager = (registration as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync;
	await manager?.register('khupho-outbox').catch(() => undefined);
}

/** Starts everything for this page; the result ends it. Call once, from the outermost layout. */
export function startRunning(): () => void {
	const hurry = (source: DrainSource) => () => {
		void drainNow(source);
		void pullNow(source === 'start' || source === 'signed_in');
	};
	const online = hurry('online');
	const visible = () => {
		if (document.visibilityState === 'visible') hurry('visible')();
	};
	const stopListening = listen((signal, elsewhere) => {
		if (signal.signedIn) hurry('signed_in')();
		if (signal.queued && !elsewhere) {
			void drainNow('enqueued');
			void askForBackgroundSync();
		}
	});
	const stopEvents = followEvents(isSignedIn, () => void pullNow());
	addEventListener('online', online);
	addEventListener('pageshow', visible);
	document.addEventListener('visibilitychange', visible);
	void endLeftSession().catch(() => undefined);
	hurry('start')();
	return () => {
		stopListening();
		stopEvents();
		if (timer) clearTimeout(timer);
		removeEventListener('online', online);
		removeEventListener('pageshow', visible);
		document.removeEventListener('visibilitychange', visible);
	};
}
