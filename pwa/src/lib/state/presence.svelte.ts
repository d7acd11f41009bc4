/** Who else of the staff has a case before their eyes. Said while it is shown, kept nowhere. */
import { api } from '#lib/api/client.ts';
import type { PresenceOut } from '#lib/api/types.ts';
import { listen } from '#lib/data/signal.ts';

const beatMs = 20_000;

/** `const presence = new Presence(id)`; `start()` in `onMount` (its result ends it); read `others`. */
export class Presence {
	others = $state.raw<PresenceOut['others']>([]);
	readonly #path: string;
	#ended = false;

	constructor(reportId: string) {
		this.#path = `/api/reports/${reportId}/presence`;
	}

	start(): () => void {
		const turn = () => void (document.hidden ? this.#leave() : this.#beat());
		turn();
		const timer = setInterval(turn, beatMs);
		document.addEventListener('visibilitychange', turn);
		const stop = listen((signal) => {
			if (signal.news && !document.hidden) void this.#beat();
		});
		return () => {
			this.#ended = true;
			clearInterval(timer);
			document.removeEventListener('visibilitychange', turn);
			stop();
			void this.#leave();
		};
	}

	async #beat(): Promise<void> {
		try {
			const found = await api.request<PresenceOut>('PUT', this.#path);
			if (!this.#ended) this.others = found.others;
		} catch {
			// Without a line, or a case that is no longer ours: nobody is known to look.
			this.others = [];
		}
	}

	async #leave(): Promise<void> {
		this.others = [];
		try {
			await api.request('DELETE', this.#path);
		} catch {
			// The server forgets it by itself.
		}
	}
}
