/** How this device shows in "my devices": "Android · Chrome". Brand names, so the same in every language. */
export function deviceLabel(agent: string, touchPoints = 0): string {
	// An iPad says it is a Mac; no Mac has a touch screen.
	const ipad = /iPad/.test(agent) || (/Macintosh/.test(agent) && touchPoints > 1);
	const device = ipad ? 'iPad' : (devices.find(([, pattern]) => pattern.test(agent))?.[0] ?? '');
	const browser = browsers.find(([, pattern]) => pattern.test(agent))?.[0] ?? '';
	return [device, browser].filter(Boolean).join(' · ') || 'Web';
}

const devices: readonly [string, RegExp][] = [
	['iPhone', /iPhone|iPod/],
	['Android', /Android/],
	['Windows', /Windows/],
	['Mac', /Macintosh/],
	['Chromebook', /CrOS/],
	['Linux', /Linux/]
];

/** In this order: most of them also name the ones further down. */
const browsers: readonly [string, RegExp][] = [
	['Edge', /Edg\w*\//],
	['Opera', /OPR\//],
	['Samsung Internet', /SamsungBrowser/],
	['Cốc Cốc', /coc_coc/],
	['Firefox', /Firefox|FxiOS/],
	['Chrome', /Chrome|CriOS/],
	['Safari', /Safari/]
];
