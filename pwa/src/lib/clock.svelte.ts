import { createSubscriber } from 'svelte/reactivity';

const beat = 30_000;

const subscribe = createSubscriber((update) => {
	const timer = setInterval(update, beat);
	// A sleeping page's timers stand still: look at the clock again when it is seen.
	document.addEventListener('visibilitychange', update);
	return () => {
		clearInterval(timer);
		document.removeEventListener('visibilitychange', update);
	};
});

/** Milliseconds since 1970 by this device; what reads it is drawn again about twice a minute. */
export function currentTime(): number {
	subscribe();
	return Date.now();
}
