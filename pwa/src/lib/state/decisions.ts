/** What a head decides about a report (W5), and the author's appeal: through the outbox, like all that people do. */
import type { Decision, DecisionIn } from '#lib/api/types.ts';
import { database } from '#lib/data/db.ts';
import { queueComposer } from '#lib/data/drafts.ts';
import { enqueue } from '#lib/data/outbox.ts';
import type { Composer } from './editors.svelte.ts';
import type { ReportView } from './reports.svelte.ts';

type Wish = Omit<DecisionIn, 'photos' | 'device_created_at'>;

/** Queues a decision; with a composer, its photos and the words in it go along. Throws `StorageFull`. */
export async function decide(reportId: string, wish: Wish, composer?: Composer): Promise<void> {
	const payload = { ...wish, device_created_at: new Date().toISOString() };
	const db = await database();
	if (composer) await composer.give((draft) => queueComposer(db, draft, { kind: 'decision', payload }));
	else await enqueue(db, { kind: 'decision', reportId, payload });
}

/** The decision that this phone still has to send; null: none. */
export function pendingDecision(report: ReportView): Decision | null {
	const entry = report.pending.find((one) => one.kind === 'decision' && one.state !== 'needs_person');
	return entry?.kind === 'decision' ? entry.payload.decision : null;
}
