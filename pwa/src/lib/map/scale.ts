import { formatAmount } from '#lib/i18n/index.ts';

export interface Scale {
	/** Length of the bar in CSS px, at most `widest`. */
	px: number;
	/** What it stands for, in the person's digits: "200 m". */
	text: string;
}

/** The longest round length (1, 2 or 5 × 10ⁿ metres) that fits into `widest` px. */
export function scaleFor(metresPerPx: number, widest = 96): Scale {
	const most = metresPerPx * widest;
	const power = 10 ** Math.floor(Math.log10(most));
	const metres = power * (most >= 5 * power ? 5 : most >= 2 * power ? 2 : 1);
	return { px: metres / metresPerPx, text: formatMetres(metres) };
}

/** "35 m", "1.2 km" in the person's language and digits. */
export function formatMetres(metres: number): string {
	const far = metres >= 1000;
	return formatAmount(
		far ? metres / 1000 : metres,
		far ? 'kilometer' : 'meter',
		far && metres < 10_000 ? 1 : 0
	);
}
