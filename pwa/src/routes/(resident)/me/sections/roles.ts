import { N_, t } from '#lib/i18n/index.ts';
import type { GrantOut, Role } from '#lib/state/index.ts';

/** What a grant makes of a person, with a place for the neighbourhood, department, ward or city. */
const words: Readonly<Record<Role, string>> = {
	resident: N_('Resident of {place}'),
	head: N_('Neighbourhood head of {place}'),
	officer: N_('Officer of {place}'),
	dispatcher: N_('Dispatcher of {place}'),
	leader: N_('Leader of {place}'),
	inspector: N_('Inspector of {place}'),
	admin: N_('Administrator of {place}')
};

/** "Neighbourhood head of Khu phố 1". */
export function roleWords(grant: GrantOut): string {
	return t(words[grant.role], { place: grant.scope_name });
}
