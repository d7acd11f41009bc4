import { createSubscriber } from 'svelte/reactivity';

/** Whether a media query holds now; whoever reads `current` is told when that changes. */
export function screenIs(query: string): { readonly current: boolean } {
	const list = matchMedia(query);
	const subscribe = createSubscriber((update) => {
		list.addEventListener('change', update);
		return () => list.removeEventListener('change', update);
	});
	return {
		get current() {
			subscribe();
			return list.matches;
		}
	};
}
