import { version } from '$app/env';
import { assets, immutable } from '$app/manifest';
import { self } from '$app/service-worker';
import { partOf } from './parts.ts';

/** One cache a version; they share what did not change by copying, never by downloading again. */
const prefix = 'app-';
const current = `${prefix}${version}`;

const shell = '/';
const photos = 'photos';
const photoAddress = /^\/api\/photos\/[^/]+\/(thumb|full)$/;
const voiceAddress = /^\/api\/voices\/[^/]+$/;

/** About 6 MB of thumbnails, 30 MB of full pictures, 14 MB of voice notes; the oldest make room. */
const limits = { thumb: 400, full: 120, voice: 100 };

/** What the server answers itself: never the app's shell. */
const serverPaths = /^\/(api|open311|healthz|metrics)(\/|$)/;

const anyVary: CacheQueryOptions = { ignoreVary: true };

const precached: readonly string[] = [
	...immutable.map((file) => `/${file.path}`).filter((path) => !path.endsWith('.woff2')),
	...assets
		.map((asset) => `/${asset.path}`)
		.filter(
			(path) =>
				path.endsWith('.webmanifest') || /^\/icons\/(icon\.svg|badge-96\.png|icon-192\.png)$/.test(path)
		)
];
const laterKept: readonly string[] = immutable
	.map((file) => `/${file.path}`)
	.filter((path) => path.endsWith('.woff2'));

/** Takes in all of this version, or none of it: a half-kept version would break without a network. */
export async function precache(): Promise<void> {
	const cache = await caches.open(current);
	const page = await fetch(shell, { cache: 'reload' });
	if (!page.ok || !(await page.clone().text()).includes(version)) {
		throw new Error('the server already offers another version than this worker');
	}
	// A redirected answer may not stand for a navigation.
	await cache.put(shell, page.redirected ? new Response(page.body, { headers: page.headers }) : page);
	await Promise.all(
		precached.map(async (path) => {
			const kept = path.startsWith('/_app/immutable/') ? await caches.match(path, anyVary) : undefined;
			await (kept ? cache.put(path, kept) : cache.add(path));
		})
	);
	for (const path of laterKept) {
		const kept = await caches.match(path, anyVary);
		if (kept) await cache.put(path, kept);
	}
}

/** Drops old versions, but for the last: a page of it may still be open and ask for its parts. */
export async function dropOldVersions(): Promise<void> {
	const old = (await caches.keys()).filter((name) => name.startsWith(prefix) && name !== current);
	await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
}

/** Keeps files of this version that a page fetched before the worker watched. */
export async function keep(addresses: readonly string[]): Promise<void> {
	const cache = await caches.open(current);
	const known = new Set(laterKept);
	for (const address of addresses) {
		const path = new URL(address, self.location.origin).pathname;
		if (known.has(path) && !(await cache.match(path, anyVary))) await cache.add(path);
	}
}

/** The answer to a GET of this origin, or nothing where the network alone should answer. */
export function answer(request: Request): Promise<Response> | undefined {
	const { pathname } = new URL(request.url);
	if (photoAddress.test(pathname)) return photo(request, pathname);
	if (voiceAddress.test(pathname)) return voice(request, pathname);
	if (serverPaths.test(pathname)) return undefined;
	if (request.mode === 'navigate') return fromCache(shell, request);
	// The router asks for this to notice a new version; here the worker offers it, and forces nothing.
	if (pathname === '/_app/version.json') return Promise.resolve(Response.json({ version }));
	if (pathname.startsWith('/_app/immutable/')) return immutableFile(pathname, request);
	if (precached.includes(pathname)) return fromCache(pathname, request);
	return undefined;
}

async function fromCache(path: string, request: Request): Promise<Response> {
	const cache = await caches.open(current);
	return (await cache.match(path, anyVary)) ?? fetch(request);
}

async function immutableFile(path: string, request: Request): Promise<Response> {
	const kept = await caches.match(path, anyVary);
	if (kept) return kept;
	const fresh = await fetch(request);
	if (fresh.ok) await (await caches.open(current)).put(path, fresh.clone());
	return fresh;
}

const who = '/session';

/** Photos are kept for one person at a time; another on the same device starts with none. */
export async function signedIn(session: string): Promise<void> {
	const cache = await caches.open(photos);
	const known = await cache.match(who);
	if (known && (await known.text()) === session) return;
	await signedOut();
	await (await caches.open(photos)).put(who, new Response(session));
}

export async function signedOut(): Promise<void> {
	await caches.delete(photos);
}

async function photo(request: Request, path: string): Promise<Response> {
	const cache = await caches.open(photos);
	const kept = await cache.match(path, anyVary);
	if (kept) return kept;
	const fresh = await fetch(request);
	// 200 only: a part of a picture must not stand for the whole.
	if (fresh.status === 200 && (await cache.match(who))) {
		await cache.put(path, fresh.clone());
		await makeRoom(cache, kindOf(path));
	}
	return fresh;
}

/** Players ask for parts of a file; kept is the whole, so that it plays without a network, too. */
async function voice(request: Request, path: string): Promise<Response> {
	const cache = await caches.open(photos);
	let whole = await cache.match(path, anyVary);
	if (!whole) {
		whole = await fetch(path, { credentials: 'same-origin' });
		if (whole.status !== 200) return whole;
		if (await cache.match(who)) {
			await cache.put(path, whole.clone());
			await makeRoom(cache, 'voice');
		}
	}
	return partOf(whole, request.headers.get('range'));
}

function kindOf(path: string): keyof typeof limits {
	if (voiceAddress.test(path)) return 'voice';
	return path.endsWith('/thumb') ? 'thumb' : 'full';
}

async function makeRoom(cache: Cache, kind: keyof typeof limits): Promise<void> {
	const files = (await cache.keys()).filter((request) => new URL(request.url).pathname !== who);
	const kept = files.filter((request) => kindOf(new URL(request.url).pathname) === kind);
	const surplus = kept.length - limits[kind];
	if (surplus > 0) await Promise.all(kept.slice(0, surplus).map((request) => cache.delete(request)));
}
