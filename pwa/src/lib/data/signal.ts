/** Tells screens and other tabs which stores have changed; they read again what they show. */
import type { Store } from './db.ts';

export interface Signal {
	changed?: Store[];
	/** Something new waits to be sent. */
	queued?: true;
	/** Somebody has signed in on this device. */
	signedIn?: true;
	/** Bytes of one photo on their way. */
	progress?: { photoId: string; offset: number; length: number };
	/** A drain has ended: what it left may be tried again. */
	drained?: true;
	/** The server says that something is new (desk lists ask again). */
	news?: true;
	/** This device was signed out in another tab. */
	wiped?: true;
}

type Listener = (signal: Signal, elsewhere: boolean) => void;

const listeners = new Set<Listener>();
const channel = new BroadcastChannel('khupho');
channel.onmessage = (event: MessageEvent<Signal>) => {
	for (const listener of listeners) listener(event.data, true);
};
// Under Node (tests) an open channel would keep the process alive.
(channel as { unref?: () => void }).unref?.();

export function tell(signal: Signal): void {
	for (const listener of listeners) listener(signal, false);
	channel.postMessage(signal);
}

export function changed(...stores: Store[]): void {
	tell({ changed: stores });
}

/** The outbox (and `stores`) changed because something new is to be sent. */
export function queued(...stores: Store[]): void {
	tell({ changed: ['outbox', ...stores], queued: true });
}

/** Calls `listener` for every signal of this and of other tabs and the worker. Returns what ends it. */
export function listen(listener: Listener): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}
