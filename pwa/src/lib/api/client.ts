/** One door to the server: JSON in and out, errors as classes, never a hanging request. */
import type { FieldProblem, Language, ProblemBody, ReportState } from './types.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';

/** What the server refused, in words for the person (RFC 9457). `code` is stable. */
export class Problem extends Error {
	readonly code: string;
	readonly title: string;
	readonly detail: string;
	readonly status: number;
	readonly errors: readonly FieldProblem[];
	/** Milliseconds the server asked to wait. */
	readonly retryAfter: number | null;
	readonly state: ReportState | null;

	constructor(body: ProblemBody, status: number, retryAfter: number | null = null) {
		super(`${status} ${body.code}`);
		this.name = 'Problem';
		this.code = body.code;
		this.title = body.title;
		this.detail = body.detail;
		this.status = status;
		this.errors = body.errors ?? [];
		this.retryAfter = retryAfter;
		this.state = body.state ?? null;
	}

	/** Worth sending again, unchanged, a little later. */
	get temporary(): boolean {
		return this.status >= 500 || [408, 423, 425, 429].includes(this.status);
	}
}

/**
 * Our server did not answer: no network, a time-out, a proxy's error page, or a café's sign-in page that says 200.
 * Nothing is known about what was sent.
 */
export class Unreachable extends Error {
	readonly reason: 'network' | 'timeout' | 'not_our_server';
	/** HTTP status of whoever answered; 0 when nobody did. */
	readonly status: number;
	readonly retryAfter: number | null;

	constructor(reason: Unreachable['reason'], status = 0, retryAfter: number | null = null, cause?: unknown) {
		super(`${reason} ${status}`, { cause });
		this.name = 'Unreachable';
		this.reason = reason;
		this.status = status;
		this.retryAfter = retryAfter;
	}
}

export interface RequestOptions {
	body?: unknown;
	signal?: AbortSignal;
	/** Default: 20 s and what the body needs at 2 KB/s. */
	timeoutMs?: number;
}

export interface ClientParts {
	fetch: typeof fetch;
	language: () => Language;
}

/** Answers that are not what we asked for mean that someone else answered. */
export type Check<T> = (answer: unknown) => answer is T;

export interface Client {
	/** Throws `Problem` or `Unreachable`, nothing else but an abort by `signal`. An empty answer is `null`. */
	request<T>(method: Method, path: string, options?: RequestOptions, check?: Check<T>): Promise<T>;
	/** The bare answer to a request with a body of bytes (uploads); throws `Unreachable` only. */
	send(method: Method, path: string, init: RequestInit, timeoutMs: number): Promise<Response>;
}

const patienceMs = 20_000;
const slowestBytesPerMs = 2;

/** How long to wait for an answer to so many bytes, on a line of 2 KB/s. */
export function timeoutFor(bytes: number): number {
	return patienceMs + Math.ceil(bytes / slowestBytesPerMs);
}

/** A client over the given parts; `api` below is the one of page and worker. */
export function makeClient(parts: ClientParts): Client {
	async function send(method: Method, path: string, init: RequestInit, timeoutMs: number): Promise<Response> {
		const limit = AbortSignal.timeout(timeoutMs);
		const signal = init.signal ? either(init.signal, limit) : limit;
		try {
			return await parts.fetch(path, {
				...init,
				method,
				signal,
				credentials: 'same-origin',
				cache: 'no-store',
				// No route of ours redirects; sign-in pages of public networks do.
				redirect: 'error'
			});
		} catch (error) {
			if (init.signal?.aborted) throw error;
			throw new Unreachable(limit.aborted ? 'timeout' : 'network', 0, null, error);
		}
	}

	async function request<T>(
		method: Method,
		path: string,
		options: RequestOptions = {},
		check?: Check<T>
	): Promise<T> {
		const headers: Record<string, string> = {
			accept: 'application/json, application/problem+json',
			'accept-language': parts.language()
		};
		const init: RequestInit = { headers };
		if (options.body !== undefined) {
			headers['content-type'] = 'application/json';
			init.body = JSON.stringify(options.body);
		}
		if (options.signal) init.signal = options.signal;
		const size = typeof init.body === 'string' ? init.body.length : 0;
		const response = await send(method, path, init, options.timeoutMs ?? timeoutFor(size));
		if (!response.ok) throw await refusal(response);
		const answer = response.status === 204 ? null : await readJson(response);
		if (check && !check(answer)) throw new Unreachable('not_our_server', response.status);
		return answer as T;
	}

	return { request, send };
}

/**
 * Ends when one of them does. Not `AbortSignal.any`: WebKit 2.50 forgets a time limit that nobody but it remembers, and
 * a request on a dead line would hang for ever.
 */
function either(...signals: AbortSignal[]): AbortSignal {
	const end = new AbortController();
	for (const signal of signals) {
		if (signal.aborted) end.abort(signal.reason);
		signal.addEventListener('abort', () => end.abort(signal.reason), { once: true });
	}
	return end.signal;
}

/** The error that an answer outside 2xx stands for. */
export async function refusal(response: Response): Promise<Problem | Unreachable> {
	const retryAfter = parseRetryAfter(response.headers.get('retry-after'), Date.now());
	if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
		try {
			const body: unknown = await response.json();
			if (isProblem(body)) return new Problem(body, response.status, retryAfter);
		} catch {
			// Cut off on the way: as good as no answer.
		}
	}
	return new Unreachable('not_our_server', response.status, retryAfter);
}

async function readJson(response: Response): Promise<unknown> {
	if (!response.headers.get('content-type')?.includes('json')) {
		throw new Unreachable('not_our_server', response.status);
	}
	try {
		return await response.json();
	} catch (error) {
		throw new Unreachable('network', response.status, null, error);
	}
}

function isProblem(body: unknown): body is ProblemBody {
	return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}

/** Milliseconds until then, from seconds or an HTTP date (RFC 9110 §10.2.3); null when absent or unreadable. */
export function parseRetryAfter(header: string | null, now: number): number | null {
	if (!header) return null;
	const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
	return Number.isFinite(wait) ? Math.max(0, wait) : null;
}

let language: Language = 'vi';

/** The language in which the server words its problems, where there is no page to tell (in the worker). */
export function speak(chosen: Language): void {
	language = chosen;
}

function languageShown(): Language {
	const page = (globalThis as { document?: { documentElement: { lang: string } } }).document;
	const declared = page?.documentElement.lang;
	return declared === 'vi' || declared === 'fa' || declared === 'en' ? declared : language;
}

export const api: Client = makeClient({
	fetch: (input, init) => globalThis.fetch(input, init),
	language: languageShown
});
