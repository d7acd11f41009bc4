/** What few phones have waiting: decisions, ratings, a nudge, what a desk does with a case, as the events they will be. */
import type { Decision, ThreadEvent } from '#lib/api/types.ts';
import type { OutboxEntry } from '#lib/data/rows.ts';

/** How a decision stands in the thread. */
const decided = {
	approve: 'approved',
	hide: 'hidden',
	verify: 'verified',
	correct: 'corrected',
	appeal: 'appealed'
} as const satisfies Record<Decision, ThreadEvent['type']>;

export function waitingEvent(entry: OutboxEntry): { text: string; event: ThreadEvent } {
	switch (entry.kind) {
		case 'decision': {
			const { decision, reason = null, text = '' } = entry.payload;
			return { text, event: { type: decided[decision], reason } };
		}
		case 'rating': {
			const { stars, text = '' } = entry.payload;
			return { text, event: { type: 'rated', stars } };
		}
		case 'nudge':
			return { text: '', event: { type: 'nudged' } };
		case 'handover': {
			const { department_id, reason = null } = entry.payload;
			return { text: '', event: { type: 'handed', department_id, reason: reason || null } };
		}
		case 'split': {
			const department_ids = entry.payload.parts.map((part) => part.department_id);
			return { text: '', event: { type: 'split', department_ids } };
		}
		case 'part_done': {
			const { department_id, text = '' } = entry.payload;
			return { text, event: { type: 'part_done', department_id } };
		}
		default:
			throw new Error(`${entry.kind} is not a row of a thread`);
	}
}
