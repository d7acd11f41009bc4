/** Crews and machines in words. */
import { N_, t } from '#lib/i18n/index.ts';
import type { AssignmentOut, StreetGroup, UnitOut } from '#lib/api/types.ts';

type UnitKind = UnitOut['kind'];

export const unitKinds: readonly UnitKind[] = ['crew', 'plough', 'pump', 'truck', 'boat', 'other'];

const kindNames: Readonly<Record<UnitKind, string>> = {
	crew: N_('Crew'),
	plough: N_('Snow plough'),
	pump: N_('Pump'),
	truck: N_('Truck'),
	boat: N_('Boat'),
	other: N_('Other machine')
};

const statusNames: Readonly<Record<UnitOut['status'], string>> = {
	free: N_('Free'),
	on_the_way: N_('On the way'),
	working: N_('Working'),
	out_of_service: N_('Out of service')
};

const outcomeNames: Readonly<Record<NonNullable<AssignmentOut['outcome']>, string>> = {
	done: N_('Done'),
	moved: N_('Moved elsewhere'),
	cancelled: N_('Not needed'),
	out_of_service: N_('Out of service'),
	crisis_over: N_('The crisis was over')
};

export const unitKindName = (kind: UnitKind): string => t(kindNames[kind]);
export const statusName = (status: UnitOut['status']): string => t(statusNames[status]);
export const outcomeName = (outcome: AssignmentOut['outcome']): string =>
	outcome ? t(outcomeNames[outcome]) : t('Under way');

/** What a group of reports is called: its street, or where in the neighbourhood it is. */
export function streetName(street: Pick<StreetGroup, 'label' | 'lat' | 'neighbourhood_name'>): string {
	if (street.label) return street.label;
	const { neighbourhood_name: name } = street;
	return street.lat === null
		? t('{name}: no exact place', { name })
		: t('{name}: around one point', { name });
}
