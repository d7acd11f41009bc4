/** The operator's screen: who may be calling is asked online, what is written down goes through the outbox. */
import { api } from '#lib/api/client.ts';
import type { CallList, CallOut, LookupOut } from '#lib/api/types.ts';
import * as data from '#lib/data/calls.ts';
import { database, StorageFull } from '#lib/data/db.ts';
import { discardDraft, saveDraft } from '#lib/data/drafts.ts';
import type { CallDraft, Language, ReportOut } from './index.ts';
import { listen } from '#lib/data/signal.ts';
import { Live } from './live.svelte.ts';
import { knownReport, type ReportView } from './reports.svelte.ts';

export { CallUnfinished } from '#lib/data/calls.ts';

const saveAfterMs = 300;
const typedMs = 250;
/** How often a text that is on its way is asked after, and how long. */
const lookMs = 2_000;
const looks = 15;

/** A call while it is written down: every field is kept on this device as it changes. */
export class CallEditor {
	draft: CallDraft;
	/** The device is full: what is typed stays on the screen but is not kept. */
	storageFull = $state(false);
	#timer: ReturnType<typeof setTimeout> | null = null;
	#over = false;

	private constructor(draft: CallDraft) {
		this.draft = $state(draft);
	}

	/** The one left off last, or a new one. */
	static async open(language: Language): Promise<CallEditor> {
		const kept = (await (await database()).getAll('drafts')).filter((draft) => draft.kind === 'call');
		kept.sort((a, b) => b.updatedAt - a.updatedAt);
		return new CallEditor(kept[0] ?? data.emptyCallDraft(language));
	}

	/** Something was typed or chosen. */
	get begun(): boolean {
		const { number, name, category_id, address, description } = this.draft;
		return [number, name, address, description].some((text) => text.trim() !== '') || category_id !== null;
	}

	set(patch: Partial<CallDraft>): void {
		Object.assign(this.draft, patch);
		this.#timer ??= setTimeout(() => void this.flush(), saveAfterMs);
	}

	/** Keeps it now: when the screen is left. */
	async flush(): Promise<void> {
		this.#stop();
		if (this.#over || !this.begun) return;
		try {
			await saveDraft(await database(), this.#plain());
			this.storageFull = false;
		} catch (error) {
			if (!(error instanceof StorageFull)) throw error;
			this.storageFull = true;
		}
	}

	/** Resolves to the call's id once it is safely on this device. Throws `CallUnfinished`, `StorageFull`. */
	async submit(): Promise<string> {
		this.#stop();
		this.#over = true;
		try {
			return (await data.submitCall(await database(), this.#plain())).id;
		} catch (error) {
			this.#over = false;
			throw error;
		}
	}

	async discard(): Promise<void> {
		this.#stop();
		this.#over = true;
		await discardDraft(await database(), this.draft.id);
	}

	#stop(): void {
		if (this.#timer) clearTimeout(this.#timer);
		this.#timer = null;
	}

	#plain(): CallDraft {
		return JSON.parse(JSON.stringify(this.draft)) as CallDraft;
	}
}

/** Who may be calling from a number: asked a moment after it was typed, the last question counts. */
export class CallerSearch {
	found = $state.raw<LookupOut | null>(null);
	/** `Problem` (a number nobody can have) or `Unreachable`. */
	error = $state.raw<unknown>(null);
	/** Each caller's reports, as lists show them. */
	reports = $state.raw<Readonly<Record<string, ReportView[]>>>({});
	#timer: ReturnType<typeof setTimeout> | null = null;
	#run = 0;

	ask(number: string): void {
		if (this.#timer) clearTimeout(this.#timer);
		this.#run++;
		this.error = null;
		if (number.replace(/\P{Nd}/gu, '').length < 3) {
			this.found = null;
			return;
		}
		this.#timer = setTimeout(() => void this.#ask(number, this.#run), typedMs);
	}

	stop(): void {
		if (this.#timer) clearTimeout(this.#timer);
		this.#run++;
	}

	async #ask(number: string, run: number): Promise<void> {
		try {
			const found = await api.request<LookupOut>('POST', '/api/calls/lookup', { body: { number } });
			const shown: Record<string, ReportView[]> = {};
			for (const caller of found.callers) shown[caller.account_id] = await views(caller.reports);
			if (run !== this.#run) return;
			this.reports = shown;
			this.found = found;
			this.error = null;
		} catch (error) {
			if (run !== this.#run) return;
			this.found = null;
			this.error = error;
		}
	}
}

async function views(rows: readonly ReportOut[]): Promise<ReportView[]> {
	const db = await database();
	return Promise.all(rows.map((row) => knownReport(db, row, [])));
}

/** A call that was written down: waits for the outbox to bring it, then for what became of the text. */
export class LoggedCall {
	call = $state.raw<CallOut | null>(null);
	report = $state.raw<ReportView | null>(null);
	readonly id: string;
	#timer: ReturnType<typeof setTimeout> | null = null;
	#looked = 0;

	constructor(id: string) {
		this.id = id;
	}

	start(): () => void {
		void this.#look();
		const stop = listen((signal) => {
			if (signal.drained) void this.#look();
		});
		return () => {
			stop();
			if (this.#timer) clearTimeout(this.#timer);
		};
	}

	async #look(): Promise<void> {
		if (await (await database()).get('outbox', this.id)) return;
		try {
			const call = await api.request<CallOut>('GET', `/api/calls/${this.id}`);
			[this.report = null] = await views([call.report]);
			this.call = call;
		} catch {
			// It is there; what is to be read out comes with the line.
		}
		if (this.call && this.call.sms !== 'waiting') return;
		if (this.#timer) clearTimeout(this.#timer);
		if (this.#looked++ < looks) this.#timer = setTimeout(() => void this.#look(), lookMs);
	}
}

/** Calls that wait for the line. */
export const waitingCalls = new Live<number>(['outbox'], async (db) => {
	const entries = await db.getAll('outbox');
	return entries.filter((entry) => entry.kind === 'call' && entry.state !== 'needs_person').length;
});

/** What this operator wrote down in the last day. Throws `Problem` or `Unreachable`. */
export async function fetchCalls(): Promise<CallOut[]> {
	return (await api.request<CallList>('GET', '/api/calls')).calls;
}

/** What a caller adds to a report of theirs. Throws `StorageFull`. */
export async function sayForCaller(reportId: string, text: string): Promise<void> {
	await data.sayForCaller(await database(), reportId, text);
}
