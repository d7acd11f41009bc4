import { self } from '$app/service-worker';
import { workInBackground } from '#lib/data/background.ts';
import { database, getMeta } from '#lib/data/db.ts';
import { keepSubscribed } from '#lib/data/push.ts';
import { translate, unpack } from '#lib/i18n/fill.ts';
import worker from '#lib/i18n/generated/worker.json';
import { directionOf, isLanguage, type Language } from '#lib/i18n/language.ts';
import type { FromWorker } from '#lib/worker-messages.ts';
import { answers, anyNotice, notices, stateNotices, type Notice } from './notices.ts';

/** What the server sends, version 1. It names things by id and carries no personal text (N5). */
interface Payload {
	v: number;
	kind: string;
	report?: string | null;
	notification?: string | null;
	/** The report's new state when `kind` is `state`. */
	detail?: string | null;
	lang?: string | null;
}

/** Every push shows something: browsers take the permission away from an app that stays silent. */
export async function show(data: PushMessageData | null): Promise<void> {
	const payload = read(data);
	const language: Language = isLanguage(payload.lang) ? payload.lang : 'vi';
	const notice = noticeOf(payload);
	const say = speaker(language);
	const asks = payload.kind === 'state' && payload.detail === 'resolved';
	await self.registration.showNotification(say(notice.title), {
		body: say(notice.body),
		lang: language,
		dir: directionOf(language),
		icon: '/icons/icon-192.png',
		badge: '/icons/badge-96.png',
		// A later state takes the earlier one's place; a question must not vanish behind it.
		tag: (payload.kind === 'state' ? payload.report : payload.notification) ?? payload.kind,
		data: { url: addressOf(payload), report: payload.report, notification: payload.notification },
		...({
			renotify: true,
			actions: asks ? answers.map(({ action, title }) => ({ action, title: say(title) })) : []
		} as NotificationOptions)
	});
}

/** The worker's own few texts in a language. */
export function speaker(language: Language): (msgid: string) => string {
	const catalogue = unpack(worker[language]);
	return (msgid) => translate(language, catalogue, msgid);
}

function read(data: PushMessageData | null): Payload {
	try {
		const value: unknown = data?.json();
		if (typeof value === 'object' && value !== null && 'kind' in value) return value as Payload;
	} catch {
		// Not JSON: still a push, and still shown.
	}
	return { v: 1, kind: 'unknown' };
}

function noticeOf(payload: Payload): Notice {
	const byState = payload.kind === 'state' ? stateNotices[payload.detail ?? ''] : undefined;
	return byState ?? notices[payload.kind] ?? anyNotice;
}

const id = /^[0-9a-f-]{36}$/i;

function addressOf(payload: Payload): string {
	const from = id.test(payload.notification ?? '') ? `?notification=${payload.notification}` : '';
	if (id.test(payload.report ?? '')) return `/reports/${payload.report}${from}`;
	return `/${from}`;
}

/** Brings the app to the front and lets it go to the place, without loading it anew. */
export async function open(notification: Notification): Promise<void> {
	notification.close();
	const url = String((notification.data as { url?: string } | null)?.url ?? '/');
	const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
	const window = windows.find((client) => client.visibilityState === 'visible') ?? windows[0];
	if (!window) {
		await self.clients.openWindow(url);
		return;
	}
	const message: FromWorker = { type: 'open', url };
	window.postMessage(message);
	await window.focus();
}

/** The browser has changed or dropped its subscription: make a new one and tell the server (N4). */
export async function renew(): Promise<void> {
	const db = await database();
	const [config, me] = await Promise.all([getMeta(db, 'config'), db.get('account', 'me')]);
	const key = (config as { push_key?: string } | undefined)?.push_key;
	if (!key || !me) return;
	await keepSubscribed(db, self.registration.pushManager, key, me.language);
	await workInBackground();
}
