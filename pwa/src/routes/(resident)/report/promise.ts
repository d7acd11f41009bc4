import type { AreaOut, CategoryOut, ClockTimes } from '#lib/api/types.ts';

type Promised = Omit<ClockTimes, 'escalate_minutes'>;

/** What is promised for a kind of problem at a place (W3): the nearest area's promise, else the category's own. */
export function promiseIn(
	category: Pick<CategoryOut, 'clocks' | 'accept_hours' | 'accept_always' | 'solve_hours' | 'solve_always'>,
	area: Pick<AreaOut, 'id' | 'parent_id'> | undefined,
	known: readonly Pick<AreaOut, 'id' | 'parent_id'>[]
): Promised {
	for (let here = area; here; here = known.find((one) => one.id === here?.parent_id)) {
		// A copy from before there were such promises has none.
		const times = category.clocks?.[here.id];
		if (times) return times;
	}
	return {
		accept_minutes: category.accept_hours * 60,
		accept_always: category.accept_always ?? true,
		solve_minutes: category.solve_hours * 60,
		solve_always: category.solve_always ?? true
	};
}
