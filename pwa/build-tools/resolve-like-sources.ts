import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const insideTheApp = fileURLToPath(new URL('../src/app.d.ts', import.meta.url));

/**
 * Tests live beside the backend's, outside this package: let what they import (`#lib/…`, npm packages)
 * resolve as if they stood in `src/`.
 */
export function resolveLikeSources(folder: string): Plugin {
	return {
		name: 'khupho:resolve-like-sources',
		enforce: 'pre',
		async resolveId(id, importer) {
			if (!importer?.startsWith(folder) || id.startsWith('.') || id.startsWith('/')) return null;
			return this.resolve(id, insideTheApp, { skipSelf: true });
		}
	};
}
