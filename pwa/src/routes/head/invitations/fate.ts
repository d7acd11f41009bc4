import { N_ } from '#lib/i18n/index.ts';
import type { InvitationState } from '#lib/state/index.ts';
import { circleCheck, circleX, clock, hourglass } from '#lib/ui/icons.ts';

/** What became of an invitation. */
export type Fate = 'open' | 'accepted' | 'expired' | 'revoked';

/** `now` in milliseconds since 1970. */
export function fateOf(row: InvitationState, now: number): Fate {
	if (row.accepted_at) return 'accepted';
	if (row.revoked_at) return 'revoked';
	return Date.parse(row.expires_at) <= now ? 'expired' : 'open';
}

export const looks = {
	open: { word: N_('Not used yet'), icon: hourglass, tone: 'wait' },
	accepted: { word: N_('Joined'), icon: circleCheck, tone: 'done' },
	expired: { word: N_('Too old'), icon: clock, tone: 'stopped' },
	revoked: { word: N_('Withdrawn'), icon: circleX, tone: 'stopped' }
} as const;
