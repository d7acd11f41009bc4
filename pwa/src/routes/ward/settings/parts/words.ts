/** Promises, hours and changes in words. */
import type { ClockTimes, Week } from '#lib/api/types.ts';
import {
	formatDate,
	formatDuration,
	formatList,
	formatNumber,
	i18n,
	locales,
	t,
	tn
} from '#lib/i18n/index.ts';

/** "8 working hours", "4 hours", "30 working minutes". */
export function lengthWords(minutes: number, always: boolean): string {
	if (always) return formatDuration(minutes * 60_000);
	if (minutes < 60) return tn('{n} working minute', '{n} working minutes', minutes);
	const hours = minutes / 60;
	if (Number.isInteger(hours)) return tn('{n} working hour', '{n} working hours', hours);
	return t('{hours} working hours', { hours: formatNumber(hours, { maximumFractionDigits: 2 }) });
}

export function promiseWords(times: ClockTimes): string {
	return t('Accepted within {accept}, solved within {solve}', {
		accept: lengthWords(times.accept_minutes, times.accept_always),
		solve: lengthWords(times.solve_minutes, times.solve_always)
	});
}

/** Days of the week as the reader begins it: Monday = 0 … Sunday = 6. */
export function weekDays(): { day: number; name: string }[] {
	const format = new Intl.DateTimeFormat(locales[i18n.language], { weekday: 'long', timeZone: 'UTC' });
	const first = i18n.language === 'fa' ? 5 : 0;
	return [0, 1, 2, 3, 4, 5, 6].map((step) => {
		const day = (first + step) % 7;
		// 1 January 2024 was a Monday.
		return { day, name: format.format(Date.UTC(2024, 0, 1 + day)) };
	});
}

/** 450 → "07:30", in the reader's digits. */
export function clockWords(minutes: number): string {
	return clockText(minutes).replace(/\d/g, (digit) => formatNumber(Number(digit)));
}

/** 450 → "07:30": the value of a time field. The end of the day is shown as its last minute. */
export function clockText(minutes: number): string {
	const shown = Math.min(minutes, 24 * 60 - 1);
	return `${String(Math.floor(shown / 60)).padStart(2, '0')}:${String(shown % 60).padStart(2, '0')}`;
}

/** "07:30" → 450; 23:59 is the end of the day. NaN for what is no time. */
export function minutesOf(text: string): number {
	const [hours = NaN, minutes = NaN] = text.split(':').map(Number);
	const value = hours * 60 + minutes;
	return value === 24 * 60 - 1 ? 24 * 60 : value;
}

/** Lines like "Monday – Friday: 07:30 to 11:30, 13:00 to 17:00". */
export function weekLines(week: Week): string[] {
	const days = weekDays();
	const lines: string[] = [];
	for (let at = 0; at < days.length;) {
		const spans = week[days[at]?.day ?? 0] ?? [];
		let end = at;
		while (
			end + 1 < days.length &&
			JSON.stringify(week[days[end + 1]?.day ?? 0] ?? []) === JSON.stringify(spans)
		) {
			end += 1;
		}
		const names = at === end ? (days[at]?.name ?? '') : `${days[at]?.name} – ${days[end]?.name}`;
		const hours =
			spans.length === 0
				? t('closed')
				: formatList(
						spans.map(([from, to]) =>
							t('{first} to {last}', { first: clockWords(Number(from)), last: clockWords(Number(to)) })
						)
					);
		lines.push(`${names}: ${hours}`);
		at = end + 1;
	}
	return lines;
}

/** One local day, or from one to another. Days are ISO dates without a zone. */
export function daysWords(first: string, last: string): string {
	if (first === last) return dayWords(first);
	return t('{first} to {last}', { first: dayWords(first), last: dayWords(last) });
}

export function dayWords(day: string): string {
	const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
	return formatDate(new Date(year, month - 1, date));
}
