/** "Something changed", from the server while a page is open: SSE where it holds, a look every minute where not. */
import { listen, tell } from './signal.ts';

const pollMs = 60_000;
const shortestMs = 2_000;
const longestMs = 60_000;

/**
 * Calls `onChanged` whenever the server says so, and every minute while it cannot be heard; only while the page is
 * seen and somebody is signed in. Returns what ends it.
 */
export function followEvents(isSignedIn: () => Promise<boolean>, onChanged: () => void): () => void {
	let source: EventSource | null = null;
	let retry: ReturnType<typeof setTimeout> | null = null;
	let wait = shortestMs;
	let ended = false;

	async function open(): Promise<void> {
		if (!(await isSignedIn()) || ended || source || document.visibilityState !== 'visible') return;
		source = new EventSource('/api/events');
		source.addEventListener('changed', () => {
			wait = shortestMs;
			onChanged();
			tell({ news: true });
		});
		source.onerror = () => {
			// The browser would knock every few seconds for ever, or after an HTTP error never again.
			close();
			retry = setTimeout(() => void open(), wait * (0.5 + Math.random() / 2));
			wait = Math.min(longestMs, wait * 2);
		};
	}

	function close(): void {
		source?.close();
		source = null;
		if (retry) clearTimeout(retry);
		retry = null;
	}

	function turn(): void {
		if (document.visibilityState === 'visible') void open();
		else close();
	}

	const stopListening = listen((signal) => {
		if (!signal.signedIn && !signal.wiped) return;
		close();
		void open();
	});

	const poll = setInterval(() => {
		if (document.visibilityState === 'visible' && source?.readyState !== EventSource.OPEN) onChanged();
	}, pollMs);
	document.addEventListener('visibilitychange', turn);
	void open();
	return () => {
		ended = true;
		stopListening();
		clearInterval(poll);
		document.removeEventListener('visibilitychange', turn);
		close();
	};
}
