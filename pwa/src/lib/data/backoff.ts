/** When to try again. */

const firstMs = 2_000;
const longestMs = 5 * 60_000;
/** A server that asks for more than this gets asked again after this. */
const longestAskedMs = 60 * 60_000;
/** `backoff` never asks for more. */
export const longestWaitMs = 1.5 * longestAskedMs;

/**
 * Milliseconds to wait after `attempts` failures: doubling from 2 s to 5 min, spread over the upper half so that a
 * whole ward coming back online does not knock at once. When the server asked for a longer time (`Retry-After`), never
 * less than that and up to half as much again: phones that it sent away together do not come back together.
 */
export function backoff(attempts: number, asked: number | null, random: () => number): number {
	const top = Math.min(longestMs, firstMs * 2 ** Math.min(20, Math.max(0, attempts - 1)));
	const dice = random();
	const own = top / 2 + (top / 2) * dice;
	return Math.ceil(Math.max(own, Math.min(longestAskedMs, asked ?? 0) * (1 + dice / 2)));
}
