import { self } from '$app/service-worker';
import { workInBackground } from '#lib/data/background.ts';
import { database, type Db } from '#lib/data/db.ts';
import { enqueue } from '#lib/data/outbox.ts';
import { markNotificationsRead } from '#lib/data/reading.ts';
import { directionOf } from '#lib/i18n/language.ts';
import { answered, answers } from './notices.ts';
import { open, speaker } from './push.ts';

type Answer = (typeof answers)[number];

interface About {
	url: string;
	report?: string | null;
	notification?: string | null;
}

/**
 * A notification was touched: its body opens the app, its buttons answer "is it fixed?" (C8) through the outbox, with
 * the app closed and without a connection, too.
 */
export async function touched(notification: Notification, action: string): Promise<void> {
	const answer = answers.find((one) => one.action === action);
	const about = notification.data as About | null;
	if (!answer || !about?.report || !(await say(about.report, about.notification, answer))) {
		await open(notification);
		return;
	}
	notification.close();
	await confirm(notification, about.url, answer);
	await workInBackground().catch(askForBackgroundSync);
}

/** False: this is not a question to whoever is signed in, or no longer one. The page shows what has become of it. */
async function say(
	report: string,
	notification: string | null | undefined,
	answer: Answer
): Promise<boolean> {
	const db = await database();
	if (!(await isAsked(db, report))) return false;
	await enqueue(db, {
		kind: 'move',
		reportId: report,
		payload: { to: answer.to, device_created_at: new Date().toISOString() }
	});
	if (notification) await markNotificationsRead(db, [notification]);
	return true;
}

const over: ReadonlySet<string> = new Set(['closed', 'disputed', 'rejected', 'merged', 'withdrawn']);

async function isAsked(db: Db, id: string): Promise<boolean> {
	const report = await db.get('reports', id);
	// The push may be faster than the news it speaks of: only what is known to be over is no question.
	if (!report?.mine || over.has(report.state)) return false;
	const waiting = await db.getAllFromIndex('outbox', 'by_report', id);
	return !waiting.some((entry) => entry.kind === 'move' && entry.state !== 'done');
}

async function confirm(asked: Notification, url: string, { to }: Answer): Promise<void> {
	const me = await (await database()).get('account', 'me');
	const language = me?.language ?? 'vi';
	const words = speaker(language);
	await self.registration.showNotification(words(answered[to].title), {
		body: words(answered[to].body),
		lang: language,
		dir: directionOf(language),
		icon: '/icons/icon-192.png',
		badge: '/icons/badge-96.png',
		tag: asked.tag,
		silent: true,
		data: { url }
	});
}

/** The line is gone: the browser calls again when it is back, where it can. */
async function askForBackgroundSync(): Promise<void> {
	const { sync } = self.registration as { sync?: { register(tag: string): Promise<void> } };
	await sync?.register('khupho-outbox').catch(() => undefined);
}
