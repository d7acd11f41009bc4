import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
	addEventListener('online', update);
	addEventListener('offline', update);
	return () => {
		removeEventListener('online', update);
		removeEventListener('offline', update);
	};
});

export const connection = {
	/** The radio says there is no network. That there is one it may only believe. */
	get none(): boolean {
		subscribe();
		return !navigator.onLine;
	}
};
