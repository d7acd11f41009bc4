import { i18n } from './i18n.svelte.ts';
import { locales } from './language.ts';

/** A moment: a Date, milliseconds since 1970, or an ISO 8601 text with its zone. */
export type Moment = Date | number | string;

const made = new Map<string, unknown>();

/** Intl objects cost a millisecond each on a cheap phone, and a list wants hundreds. */
function once<T>(name: string, make: (locale: string) => T): T {
	const locale = locales[i18n.language];
	const key = `${locale} ${name}`;
	let found = made.get(key) as T | undefined;
	if (found === undefined) made.set(key, (found = make(locale)));
	return found;
}

function date(moment: Moment): Date {
	return moment instanceof Date ? moment : new Date(moment);
}

/** 21/11/2026 · ۳۰ آبان ۱۴۰۵ · 21 November 2026 */
export function formatDate(moment: Moment): string {
	const options: Intl.DateTimeFormatOptions =
		i18n.language === 'vi'
			? { day: 'numeric', month: 'numeric', year: 'numeric' }
			: { day: 'numeric', month: 'long', year: 'numeric' };
	return once('date', (locale) => new Intl.DateTimeFormat(locale, options)).format(date(moment));
}

/** 14:05 · ۱۴:۰۵ */
export function formatTime(moment: Moment): string {
	return once(
		'time',
		(locale) => new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
	).format(date(moment));
}

function comma(): string {
	return i18n.language === 'fa' ? '، ' : ', ';
}

/** From the house to the neighbourhood; what is not known is left out. */
export function formatPlace(...parts: (string | null | undefined)[]): string {
	return parts.filter(Boolean).join(comma());
}

/** A number that is read out or dialled, digit by digit: 110 · ۱۱۰ */
export function formatDigits(digits: string): string {
	return digits.replace(/\d/g, (digit) => formatNumber(Number(digit)));
}

/** A report's number within a sentence: read from left to right, and never broken. */
export function formatCode(code: string): string {
	return `\u2066${code.replaceAll('-', '\u2011')}\u2069`;
}

/** Weekday, date and time: what a promise or a message needs said in full. */
export function formatDateTime(moment: Moment): string {
	const weekday = once('weekday', (locale) => new Intl.DateTimeFormat(locale, { weekday: 'long' }));
	return `${formatTime(moment)}${comma()}${weekday.format(date(moment))} ${formatDate(moment)}`;
}

/** "14:05" today, "yesterday 14:05", "Thursday 14:05" within six days, else the date. */
export function formatWhen(moment: Moment, now: Moment = Date.now()): string {
	const days = dayNumber(date(moment)) - dayNumber(date(now));
	const time = formatTime(moment);
	if (days === 0) return time;
	if (Math.abs(days) === 1) {
		const words = once('day', (locale) => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));
		return `${words.format(days, 'day')} ${time}`;
	}
	if (Math.abs(days) < 7) {
		const weekday = once('weekday', (locale) => new Intl.DateTimeFormat(locale, { weekday: 'long' }));
		return `${weekday.format(date(moment))} ${time}`;
	}
	return formatDate(moment);
}

function dayNumber(moment: Date): number {
	return Math.round(Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate()) / 86_400_000);
}

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
	['year', 31_536_000],
	['month', 2_592_000],
	['week', 604_800],
	['day', 86_400],
	['hour', 3_600],
	['minute', 60]
];

/** "2 hours ago", "in 3 days", "now". */
export function formatRelative(moment: Moment, now: Moment = Date.now()): string {
	const seconds = (date(moment).getTime() - date(now).getTime()) / 1000;
	const words = once('relative', (locale) => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));
	for (const [unit, length] of steps) {
		if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
	}
	return words.format(0, 'second');
}

/** A length of time in its largest unit: "2 hours", "3 days". `milliseconds` is never negative. */
export function formatDuration(milliseconds: number): string {
	const minutes = Math.max(1, Math.floor(milliseconds / 60_000));
	const [count, unit] =
		minutes >= 2_880
			? [Math.floor(minutes / 1_440), 'day']
			: minutes >= 60
				? [Math.floor(minutes / 60), 'hour']
				: [minutes, 'minute'];
	return once(
		`duration ${unit}`,
		(locale) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' })
	).format(count);
}

export function formatNumber(value: number, options?: Intl.NumberFormatOptions): string {
	return once(`number ${JSON.stringify(options)}`, (locale) => new Intl.NumberFormat(locale, options)).format(
		value
	);
}

/** 340 kB, 1.2 MB, 11 GB: bytes as people see them on the phone. */
export function formatBytes(bytes: number): string {
	const [unit, size] =
		bytes >= 1e9
			? (['gigabyte', 1e9] as const)
			: bytes >= 1e6
				? (['megabyte', 1e6] as const)
				: (['kilobyte', 1e3] as const);
	const value = bytes / size;
	return formatAmount(value, unit, value < 10 ? 1 : 0);
}

/** 12 m · ۱۲ متر: so much of a unit of `Intl.NumberFormat`. Persian writes units out, and Latin letters never. */
export function formatAmount(value: number, unit: string, maximumFractionDigits: number): string {
	const unitDisplay = i18n.language === 'fa' ? 'long' : 'short';
	return formatNumber(value, { style: 'unit', unit, unitDisplay, maximumFractionDigits });
}

/** "a, b and c" in the person's language. */
export function formatList(items: readonly string[], type: 'unit' | 'conjunction' = 'unit'): string {
	return once(`list ${type}`, (locale) => new Intl.ListFormat(locale, { type })).format(items);
}

/** Sorts names as a reader of this language expects them: ă after a, đ after d, پ after ب. */
export function byName<T>(nameOf: (item: T) => string): (a: T, b: T) => number {
	const collator = once('collator', (locale) => new Intl.Collator(locale, { numeric: true }));
	return (a, b) => collator.compare(nameOf(a), nameOf(b));
}
