import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { finishedPages } from './build-tools/finished-pages.ts';
import { loadOrder } from './build-tools/load-order.ts';
import { resolveLikeSources } from './build-tools/resolve-like-sources.ts';
import { smallest } from './build-tools/smallest.ts';
import { withoutServer } from './build-tools/without-server.ts';

const backend = process.env['KHUPHO_BACKEND'] ?? 'http://127.0.0.1:8000';
const tests = fileURLToPath(new URL('../tests/pwa/', import.meta.url));

export default defineConfig({
	plugins: [
		resolveLikeSources(tests),
		withoutServer(),
		loadOrder(),
		smallest(),
		sveltekit({
			adapter: finishedPages(adapter({ fallback: 'index.html' })),
			// `lib/app-update.svelte.ts` registers it, as a classic script: Firefox before 147 has no module workers.
			serviceWorker: { register: false },
			version: { pollInterval: 0 },
			compilerOptions: { runes: true, cssHash: ({ hash, css }) => `s${hash(css).slice(0, 5)}` }
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
