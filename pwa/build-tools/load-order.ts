import type { Plugin } from 'vite';

/**
 * Puts what every screen needs into one file, and what everybody who is in needs into a second, instead of dozens of
 * small ones: brotli finds more to repeat in one text, and each request costs a phone time.
 */
export function loadOrder(): Plugin {
	const first = new Set<string>();
	const inside = new Set<string>();
	return {
		name: 'khupho:load-order',
		apply: 'build',
		applyToEnvironment: (environment) => environment.name === 'client',
		config: () => ({
			environments: {
				client: {
					build: {
						rolldownOptions: {
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
										{ name: 'inside', test: (id) => inside.has(id), priority: 1 }
									]
								}
							}
						}
					}
				}
			}
		}),
		buildEnd() {
			const ids = [...this.getModuleIds()];
			const reach = (found: Set<string>, starts: RegExp) => {
				const waiting = ids.filter((id) => starts.test(id));
				if (waiting.length === 0) throw new Error(`nothing in the build is called ${starts.source}`);
				for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
					if (first.has(id) || found.has(id)) continue;
					found.add(id);
					waiting.push(...(this.getModuleInfo(id)?.importedIds ?? []));
				}
			};
			reach(
				first,
				/src\/routes\/\+(layout|error)\.svelte$|src\/routes\/\+layout\.ts$|runtime\/components\/root/
			);
			reach(inside, /src\/lib\/state\/start\.svelte\.ts$|src\/routes\/\(resident\)\/HomeForMe\.svelte$/);
		}
	};
}
