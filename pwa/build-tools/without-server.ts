import type { Plugin } from 'vite';

/**
 * SvelteKit brings what apps need whose pages a server has drawn. This app has no such server, and the phone is spared
 * 6 KB (brotli), an eighth of what the first screen may weigh:
 *
 * - devalue, with which `page.state` and snapshots are written and which also knows dates, maps and cycles. This app
 *   puts only plain JSON there. What JSON cannot say is refused, not bent.
 * - the fetch of `load` functions, which finds answers that the server has written into the page. Ours ask nothing.
 * - spans of OpenTelemetry that record nothing.
 * - hydration: Svelte asks at every turn whether it takes over what a server has drawn. Here the answer is no before
 *   the bundler, which then leaves out the asking, too.
 */
export function withoutServer(): Plugin {
	return {
		name: 'khupho:without-server',
		enforce: 'pre',
		apply: 'build',
		applyToEnvironment: (environment) => environment.name === 'client',
		resolveId(source, importer) {
			const kit = importer?.endsWith('/kit/src/runtime/client/client.js');
			const part = source === 'devalue' || (kit && source in replaced) ? source : null;
			return part && `${prefix}${part}`;
		},
		load: (id) => (id.startsWith(prefix) ? replaced[id.slice(prefix.length)] : null),
		transform(code, id) {
			const changes = Object.entries(changed).find(([end]) => id.endsWith(end))?.[1];
			if (!changes) return null;
			for (const [was, is] of changes) {
				if (!code.includes(was)) this.error(`${id} no longer says: ${was}`);
				code = code.replace(was, is);
			}
			return code;
		}
	};
}

/** Files by their end; what in them becomes what. */
const changed: Record<string, [was: string, is: string][]> = {
	'/svelte/src/internal/client/dom/hydration.js': [
		['export let hydrating = false;', 'export const hydrating = false;'],
		['\thydrating = value;', '']
	],
	'/kit/src/runtime/client/client.js': [
		[
			'async function _start(_app, _target, data) {',
			'async function _start(_app, _target) {\n\tconst data = undefined;'
		]
	]
};

const prefix = '\0khupho:without-server/';

const replaced: Record<string, string> = {
	devalue: `
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
export { absent, absent as unflatten, absent as uneval, absent as stringifyAsync };
`,
	svelte: `
export { settled, tick, fork, onMount, mount } from 'svelte';
export { absent as hydrate } from 'devalue';
`,
	'./fetcher.js': `
export const initial_fetch = (input, init) => fetch(input, init);
export const subsequent_fetch = (_, address, init) => fetch(address, init);
export { initial_fetch as dev_fetch };
export const lock_fetch = () => {};
export { lock_fetch as unlock_fetch };
`,
	'../../telemetry.js': 'export const noop_span = {};'
};
