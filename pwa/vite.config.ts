import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { finishedPages } from './build-tools/finished-pages.ts';
import { iconPaths } from './build-tools/icon-paths.ts';
import { loadOrder } from './build-tools/load-order.ts';
import { plainState } from './build-tools/plain-state.ts';
import { resolveLikeSources } from './build-tools/resolve-like-sources.ts';

const backend = process.env['KHUPHO_BACKEND'] ?? 'http://127.0.0.1:8000';
const tests = fileURLToPath(new URL('../tests/pwa/', import.meta.url));

export default defineConfig({
	plugins: [
		resolveLikeSources(tests),
		iconPaths(),
		plainState(),
		loadOrder(),
		sveltekit({
			adapter: finishedPages(adapter({ fallback: 'index.html' })),
			// `lib/app-update.svelte.ts` registers it, as a classic script: Firefox before 147 has no module workers.
			serviceWorker: { register: false },
			version: { pollInterval: 0 },
			compilerOptions: { runes: true }
		})
	],
	build: {
		// Fonts, catalogues and pictures stay files with a hash in their name, which the service worker keeps.
		assetsInlineLimit: 0,
		sourcemap: false
	},
	server: {
		proxy: Object.fromEntries(
			['/api', '/open311', '/healthz'].map((path) => [path, { target: backend, changeOrigin: false }])
		),
		fs: { allow: ['.', tests] }
	},
	test: {
		include: [`${tests}**/*.test.ts`],
		environment: 'node'
	}
});
