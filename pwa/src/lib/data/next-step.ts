/** What to send next: a pure function of what waits. */
import { longestWaitMs } from './backoff.ts';
import type { OutboxEntry } from './rows.ts';

export type Step = { kind: 'tell' | 'photos'; entry: OutboxEntry };

export interface Moment {
	/** Milliseconds since 1970. */
	now: number;
	/** False while photos wait for Wi-Fi (O10). */
	photosAllowed: boolean;
}

/**
 * Words go before photos, older before newer. Within a lane an entry waits until the server has received all earlier
 * ones (not until their photos are there); what needs the person holds up what comes after it. Lanes never wait for
 * each other. Null: nothing is due.
 *
 * @param entries - by `order`, oldest first.
 */
export function nextStep(entries: readonly OutboxEntry[], moment: Moment): Step | null {
	const held = new Set<string>();
	let photos: OutboxEntry | null = null;
	for (const entry of entries) {
		if (entry.state === 'done') continue;
		const due = isDue(entry, moment.now);
		if (entry.receivedAt) {
			if (due && moment.photosAllowed) photos ??= entry;
			continue;
		}
		if (held.has(entry.lane)) continue;
		if (due) return { kind: 'tell', entry };
		held.add(entry.lane);
	}
	return photos && { kind: 'photos', entry: photos };
}

/** The earliest time still to come at which something will be due by itself; null when nothing waits for a time. */
export function nextDue(entries: readonly OutboxEntry[], now: number): number | null {
	const times = entries
		.filter((entry) => entry.state === 'queued' && !isDue(entry, now))
		.map((entry) => entry.nextAttemptAt);
	return times.length > 0 ? Math.min(...times) : null;
}

/** A time further away than any wait was written by a clock that has been set right since. */
function isDue({ state, nextAttemptAt }: OutboxEntry, now: number): boolean {
	return state === 'queued' && (nextAttemptAt <= now || nextAttemptAt > now + longestWaitMs);
}
