/** A query over the phone's database that screens read like a variable. */
import { createSubscriber } from 'svelte/reactivity';
import { database, type Db, type Store } from '#lib/data/db.ts';
import { listen } from '#lib/data/signal.ts';

/**
 * `live.current` is the newest result, `undefined` until the first one is there. It is asked again whenever one of
 * its stores changes, in this tab, another one or the worker, and only while something on screen reads it.
 */
export class Live<T> {
	// Plain fields, told of by `#update`: a `$state` made inside a `$derived` would not be followed by that `$derived`,
	// and `reports.get(id).current` is made there.
	#value: T | undefined;
	#error: unknown = null;
	#update: () => void = () => undefined;
	#asking = false;
	#stale = false;
	readonly #subscribe: () => void;
	readonly #query: (db: Db) => Promise<T>;

	constructor(stores: readonly Store[], query: (db: Db) => Promise<T>) {
		this.#query = query;
		this.#subscribe = createSubscriber((update) => {
			this.#update = update;
			void this.#refresh();
			return listen((signal) => {
				const touched = signal.changed ?? (signal.progress ? (['uploads'] as const) : []);
				if (signal.wiped || touched.some((store) => stores.includes(store))) void this.#refresh();
			});
		});
	}

	get current(): T | undefined {
		this.#subscribe();
		return this.#value;
	}

	/** Why there is no result: `AppOutdated`, or a database that cannot be opened. */
	get error(): unknown {
		this.#subscribe();
		return this.#error;
	}

	/** The result as of now, for event handlers. */
	async once(): Promise<T> {
		return this.#query(await database());
	}

	async #refresh(): Promise<void> {
		if (this.#asking) {
			this.#stale = true;
			return;
		}
		this.#asking = true;
		try {
			do {
				this.#stale = false;
				this.#value = await this.once();
				this.#error = null;
				this.#update();
			} while (this.#stale);
		} catch (error) {
			this.#error = error;
			this.#update();
		} finally {
			this.#asking = false;
		}
	}
}

/** One `Live` per key, so that `reports.get(id)` in a `$derived` does not begin anew. */
export function liveBy<T>(
	stores: readonly Store[],
	query: (db: Db, key: string) => Promise<T>
): (key: string) => Live<T> {
	const made = new Map<string, Live<T>>();
	return (key) => {
		const known = made.get(key) ?? new Live(stores, (db) => query(db, key));
		made.set(key, known);
		return known;
	};
}
