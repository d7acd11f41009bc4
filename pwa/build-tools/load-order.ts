import type { Plugin } from 'vite';
import zlib from 'node:zlib';

/** What a phone may fetch of scripts until its first screen stands and lives: brotli, bytes. */
const firstLoadLimit = 45_000;

/** What is drawn first, by source. */
const starts =
	/src\/routes\/(\+(layout|error)|\(resident\)\/\+page)\.svelte$|src\/routes\/\+layout\.ts$|runtime\/components\/root/;

/**
 * Puts what every screen and the home need into one file instead of dozens of small ones: brotli finds more to repeat
 * in one text, and each request costs a phone time. A stranger's phone gets the home as well: it comes next. Weighs
 * the first load, too.
 */
export function loadOrder(): Plugin {
	const first = new Set<string>();
	return {
		name: 'khupho:load-order',
		apply: 'build',
		applyToEnvironment: (environment) => environment.name === 'client',
		config: () => ({
			environments: {
				client: {
					build: {
						rolldownOptions: {
							// Names of icons and the like stand where they are used: an export costs more than the word.
							optimization: { inlineConst: { mode: 'all', pass: 3 } },
							output: {
								codeSplitting: {
									groups: [
										// What starts the app stands alone: SvelteKit fills in its payload before the rest is evaluated.
										{
											name: 'starter',
											test: /runtime\/client\/payload\.js$|vite\/preload-helper/,
											priority: 3
										},
										{ name: 'first', test: (id) => first.has(id), priority: 2 },
										// Every file that a screen needs is named in the first load.
										{ name: 'shared', test: /\/src\/lib\//, minShareCount: 3, priority: 1 }
									]
								}
							}
						}
					}
				}
			}
		}),
		buildEnd() {
			const waiting = [...this.getModuleIds()].filter((id) => starts.test(id));
			for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
				if (first.has(id)) continue;
				if (id.endsWith('/src/lib/state/index.ts')) {
					throw new Error(
						'the first load reaches state/index.ts, which has everything: import the module itself'
					);
				}
				first.add(id);
				waiting.push(...(this.getModuleInfo(id)?.importedIds ?? []));
			}
		},
		writeBundle(_, bundle) {
			const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
			const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
			const needed = new Set<string>();
			const waiting = chunks
				.filter((chunk) => /\/entry\//.test(chunk.fileName) || chunk.moduleIds.some((id) => starts.test(id)))
				.map((chunk) => chunk.fileName);
			for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
				if (needed.has(name)) continue;
				needed.add(name);
				waiting.push(...(byName.get(name)?.imports ?? []));
			}
			const weights = [...needed].map((name) => [name, weigh(byName.get(name)?.code ?? '')] as const);
			const sum = weights.reduce((total, [, bytes]) => total + bytes, 0);
			this.info(`first load of scripts: ${sum} bytes`);
			if (sum > firstLoadLimit) {
				const list = weights.map(([name, bytes]) => `${name} ${bytes}`).join(', ');
				this.warn(`the first load weighs ${sum} bytes of script, more than ${firstLoadLimit}: ${list}`);
			}
		}
	};
}

function weigh(code: string): number {
	const params = { [zlib.constants.BROTLI_PARAM_MODE]: zlib.constants.BROTLI_MODE_TEXT };
	return zlib.brotliCompressSync(code, { params }).length;
}
