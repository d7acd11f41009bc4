/** One crisis at the desk: asked online, acted on through the outbox. */
import { api, Problem, Unreachable } from '#lib/api/client.ts';
import type {
	AssignmentOut,
	BoardOut,
	BoardReport,
	CrisisDesk,
	CrisisIn,
	CrisisList,
	Names,
	ReachOut,
	StreetGroup,
	UnitIn,
	UnitOut
} from '#lib/api/types.ts';
import { forgetSent, holdSteps, mostMoves, type BulkStep, type HeldStep } from '#lib/data/bulk.ts';
import { database, type Db } from '#lib/data/db.ts';
import { enqueue } from '#lib/data/outbox.ts';
import { listen } from '#lib/data/signal.ts';
import type { MoveInput } from '#lib/data/rows.ts';

/** Asks once a minute, too: nobody tells those who only oversee that something has changed. */
const lookMs = 60_000;

/** Queues one write. `lane`: what must not overtake each other; what is refused holds up its lane. */
export async function queueWrite(path: string, body: unknown, answers: string, lane: string): Promise<void> {
	const db = await database();
	await enqueue(db, { kind: 'crisis', payload: { path, body, answers, lane } });
}

export async function declare(id: string, wish: CrisisIn): Promise<void> {
	await queueWrite(`/api/crises/${id}`, wish, id, id);
}

export async function saveUnit(wardId: string, id: string, unit: UnitIn): Promise<void> {
	await queueWrite(`/api/wards/${wardId}/units/${id}`, unit, id, id);
}

export function measureReach(wardId: string, areaIds: readonly string[]): Promise<ReachOut> {
	const query = new URLSearchParams(areaIds.map((id) => ['area_ids', id]));
	return api.request<ReachOut>('GET', `/api/wards/${wardId}/crisis-reach?${query}`);
}

/** Something asked online, again whenever the server or the outbox says that it may have changed. */
export class Asked<T> {
	current = $state.raw<T | null>(null);
	loadedAt = $state<number | null>(null);
	/** `Problem` or `Unreachable` of the last try; what is shown stays. */
	error = $state.raw<unknown>(null);
	readonly #ask: () => Promise<T>;

	constructor(ask: () => Promise<T>) {
		this.#ask = ask;
	}

	get unreachable(): boolean {
		return this.error instanceof Unreachable;
	}

	get missing(): boolean {
		return this.error instanceof Problem && this.error.status === 404;
	}

	start(): () => void {
		void this.reload();
		const timer = setInterval(() => {
			if (!document.hidden) void this.reload();
		}, lookMs);
		const stop = listen((signal) => {
			if (signal.news || signal.drained) void this.reload();
		});
		return () => {
			clearInterval(timer);
			stop();
		};
	}

	async reload(): Promise<void> {
		try {
			this.current = await this.#ask();
			this.loadedAt = Date.now();
			this.error = null;
		} catch (error) {
			this.error = error;
		}
	}
}

export const crisisList = () => new Asked(() => api.request<CrisisList>('GET', '/api/crises'));

interface Shown {
	crisis: CrisisDesk;
	board: BoardOut;
}

/** A crisis under way. */
export class Board extends Asked<Shown> {
	readonly id: string;

	constructor(id: string) {
		super(async () => {
			const [crisis, board] = await Promise.all([
				api.request<CrisisDesk>('GET', `/api/crises/${id}`),
				api.request<BoardOut>('GET', `/api/crises/${id}/board`)
			]);
			await forgetSent(await database());
			return { crisis, board };
		});
		this.id = id;
	}

	get streets(): readonly StreetGroup[] {
		return this.current?.board.streets ?? [];
	}

	get units(): readonly UnitOut[] {
		return this.current?.board.units ?? [];
	}

	assignment(id: string | null): AssignmentOut | undefined {
		return this.current?.board.assignments.find((one) => one.id === id);
	}

	/** Sends a unit there, away from what it did; what is new there counts as accepted. */
	async assign(unit: UnitOut, street: StreetGroup, label: string): Promise<void> {
		const id = crypto.randomUUID();
		const open = street.reports.filter((one) => one.open).slice(0, mostMoves);
		const body = {
			unit_id: unit.id,
			report_ids: open.map((one) => one.id),
			label,
			previous: unit.assignment_id
		};
		await queueWrite(`/api/crises/${this.id}/assignments/${id}`, body, id, id);
		const fresh = open.filter((one) => one.state === 'submitted');
		await this.#move(fresh.map(({ id: reportId }) => ({ reportId, steps: [asStep({ to: 'accepted' })] })));
	}

	async step(assignment: AssignmentOut, status: 'arrived' | 'done' | 'cancelled'): Promise<void> {
		const path = `/api/crises/${this.id}/assignments/${assignment.id}/status`;
		await queueWrite(path, { status }, assignment.id, assignment.id);
	}

	/** Says "done" for every open report of the street, with one message to all. */
	async resolve(reports: readonly BoardReport[], text: string): Promise<void> {
		const db = await database();
		const chosen = reports.slice(0, mostMoves);
		const states = await Promise.all(chosen.map((report) => expectedState(db, report)));
		await this.#move(
			chosen.map(({ id }, at) => ({
				reportId: id,
				steps: stepsToDone(states[at] ?? 'closed', text).map(asStep)
			}))
		);
	}

	async tell(texts: Names): Promise<void> {
		const id = crypto.randomUUID();
		await queueWrite(`/api/crises/${this.id}/broadcasts/${id}`, { texts }, id, id);
	}

	/** Where it holds and what is promised, from now on; `seen` is what the person looked at. */
	async change(seen: CrisisDesk, areaIds: readonly string[], times: CrisisDesk['times']): Promise<void> {
		const change = crypto.randomUUID();
		const path = `/api/crises/${this.id}/changes/${change}`;
		const body = { revision: seen.revision, area_ids: areaIds, texts: seen.texts, times };
		await queueWrite(path, body, this.id, change);
	}

	async end(): Promise<void> {
		await queueWrite(`/api/crises/${this.id}/end`, {}, this.id, `end ${this.id}`);
	}

	async #move(steps: readonly BulkStep[]): Promise<void> {
		if (steps.length > 0) await holdSteps(await database(), steps, 0);
	}
}

/** Where a report will be when what waits on this device has been sent. */
async function expectedState(db: Db, report: BoardReport): Promise<BoardReport['state']> {
	const moves = (await db.getAllFromIndex('outbox', 'by_report', report.id)).flatMap((entry) =>
		entry.kind === 'move' && (entry.state === 'queued' || entry.state === 'sending') ? [entry] : []
	);
	return moves.sort((a, b) => a.order - b.order).at(-1)?.payload.to ?? report.state;
}

const asStep = (payload: MoveInput): HeldStep => ({ kind: 'move', payload });

/** The moves that lead from a state to "resolved"; none from where it cannot be led. */
export function stepsToDone(state: BoardReport['state'], text: string): MoveInput[] {
	const done: MoveInput = { to: 'resolved', text };
	switch (state) {
		case 'submitted':
			return [{ to: 'accepted' }, { to: 'in_progress' }, done];
		case 'accepted':
		case 'disputed':
			return [{ to: 'in_progress' }, done];
		case 'in_progress':
		case 'awaiting_reporter':
			return [done];
		default:
			return [];
	}
}
