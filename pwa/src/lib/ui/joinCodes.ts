import { formatNumber } from '#lib/i18n/index.ts';

/** `0MP8V5GF…` as `0MP8 V5GF …`: four letters at a time can be read out and typed. */
export function groupedCode(code: string): string {
	return code.replaceAll('-', '').replace(/(.{4})(?=.)/g, '$1 ');
}

/** "9:05" until a code ends, in the person's digits. `milliseconds` ≥ 0. */
export function remaining(milliseconds: number): string {
	const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
	const two = formatNumber(seconds % 60, { minimumIntegerDigits: 2 });
	return `${formatNumber(Math.floor(seconds / 60))}:${two}`;
}
