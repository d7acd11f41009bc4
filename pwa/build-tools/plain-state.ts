import type { Plugin } from 'vite';

const id = '\0khupho:plain-state';

/**
 * SvelteKit writes `page.state` and snapshots with devalue, which also knows dates, maps and cycles. This app puts
 * only plain JSON there and has no server that could send more, so the phone is spared 3 KB (brotli), a fourteenth
 * of what the first screen may weigh. What JSON cannot say is refused, not bent.
 */
export function plainState(): Plugin {
	return {
		name: 'khupho:plain-state',
		enforce: 'pre',
		apply: 'build',
		applyToEnvironment: (environment) => environment.name === 'client',
		resolveId: (source) => (source === 'devalue' ? id : null),
		load: (source) => (source === id ? code : null)
	};
}

const code = `
export const parse = JSON.parse;
export const stringify = (value) =>
	JSON.stringify(value, function (key, inner) {
		const raw = this[key];
		if (typeof raw === 'object' && raw !== null && !Array.isArray(raw) && Object.getPrototypeOf(Object.getPrototypeOf(raw) ?? {}) !== null)
			throw new TypeError('page.state holds only plain JSON');
		return inner;
	});
const absent = () => {
	throw new Error('this app has no server-side load');
};
export { absent as unflatten, absent as uneval, absent as stringifyAsync };
`;
