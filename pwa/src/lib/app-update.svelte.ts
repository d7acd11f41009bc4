import { untrack } from 'svelte';

let waiting = $state.raw<ServiceWorker | null>(null);
let held = $state(0);
let asked = false;

export const appUpdate = {
	/** A new version is ready, and no draft is open that a reload would close. */
	get offered(): boolean {
		return waiting !== null && held === 0;
	},

	/** While the given screen is open no update is offered. Returns what lets go of it. */
	hold(): () => void {
		// Untracked: the effect that calls this would otherwise run again for its own change, for ever.
		untrack(() => held++);
		let holding = true;
		return () => {
			if (holding) untrack(() => held--);
			holding = false;
		};
	},

	/** The person said yes: the new version takes over and the screen is loaded anew. */
	accept(): void {
		asked = true;
		waiting?.postMessage({ type: 'take-over' });
	}
};

/** How often an app that stays open asks for a new version, in milliseconds. */
const interval = 60 * 60 * 1000;

/** Registers the service worker once the screen stands, so that it never competes with the first load. */
export async function startUpdates(): Promise<void> {
	if (!('serviceWorker' in navigator)) return;
	const container = navigator.serviceWorker;
	container.addEventListener('controllerchange', () => {
		if (asked) location.reload();
	});
	const registration = await container.register(workerAddress() as string, {
		type: import.meta.env.DEV ? 'module' : 'classic',
		updateViaCache: 'none'
	});
	noteWaiting(registration);
	registration.addEventListener('updatefound', () => {
		const arriving = registration.installing;
		arriving?.addEventListener('statechange', () => noteWaiting(registration));
	});
	const look = () => void registration.update().catch(() => undefined); // offline: the next look will do
	setInterval(look, interval);
	document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
}

function noteWaiting(registration: ServiceWorkerRegistration): void {
	// Without a controller this is the very first version: nothing to update from.
	waiting = navigator.serviceWorker.controller ? registration.waiting : null;
}

interface ScriptAddressPolicy {
	createScriptURL(address: string): unknown;
}

/** Under `require-trusted-types-for 'script'` the browser takes this address only from a policy. */
function workerAddress(): unknown {
	const address = import.meta.env.DEV ? '/service-worker' : '/service-worker.js';
	const types = (
		globalThis as {
			trustedTypes?: {
				createPolicy(name: string, rules: { createScriptURL(address: string): string }): ScriptAddressPolicy;
			};
		}
	).trustedTypes;
	if (!types) return address;
	return types.createPolicy('khupho-worker', { createScriptURL: () => address }).createScriptURL(address);
}
