/**
 * One at a time over all tabs and the worker, by Web Locks; and out of the lock that a browser forgets to hand on:
 * Chromium at times lets nobody in although nobody is, when the page that was has gone, until its last tab closes.
 * What is done under these locks may also be done twice at once (I1): taking one by force costs work, never a report.
 */
export type Locks = Pick<LockManager, 'request' | 'query'>;

/** So long one waits before asking who is in. */
const patienceMs = 10_000;
/** Between two looks at who is in: handing on takes a moment. */
const lookMs = 1_000;

/** Does `work` once nobody else is at it. Rejects as `work` does, or with AbortError when the lock was taken away. */
export async function inTurn<T>(locks: Locks, name: string, work: () => Promise<T>): Promise<T> {
	for (;;) {
		const waiting = new AbortController();
		const late = setTimeout(() => waiting.abort(), patienceMs);
		try {
			return await locks.request(name, { signal: waiting.signal }, () => {
				clearTimeout(late);
				return work();
			});
		} catch (error) {
			if (!waiting.signal.aborted) throw error;
		} finally {
			clearTimeout(late);
		}
		if (await isForgotten(locks, name)) return await locks.request(name, { steal: true }, work);
	}
}

/** Does `work` if nobody else is at it; null if somebody is, or took the lock away meanwhile. */
export async function ifNobodyIs<T>(locks: Locks, name: string, work: () => Promise<T>): Promise<T | null> {
	let failure: unknown = null;
	const guarded = () =>
		work().catch((error: unknown) => {
			failure = error;
			throw error;
		});
	try {
		const done = await locks.request(name, { ifAvailable: true }, async (lock) =>
			lock ? { value: await guarded() } : null
		);
		if (done) return done.value;
		if (!(await isForgotten(locks, name))) return null;
		return await locks.request(name, { steal: true }, guarded);
	} catch (error) {
		if (error === failure || !isTakenAway(error)) throw error;
		return null;
	}
}

/** Nobody has it, and yet it was not to be had. */
async function isForgotten(locks: Locks, name: string): Promise<boolean> {
	const isHeld = async () => (await locks.query()).held?.some((lock) => lock.name === name) ?? false;
	if (await isHeld()) return false;
	await new Promise((resolve) => setTimeout(resolve, lookMs));
	return !(await isHeld());
}

function isTakenAway(error: unknown): boolean {
	return error instanceof DOMException && error.name === 'AbortError';
}
