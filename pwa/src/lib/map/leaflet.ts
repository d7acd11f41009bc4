/** Leaflet, fetched when the first map is opened. */
export type * from 'leaflet';
export type Library = typeof import('leaflet');

let library: Promise<Library> | null = null;

/** The library itself. Rejects when it is neither kept on this phone nor reachable; the next call tries again. */
export function loadLeaflet(): Promise<Library> {
	allowItsTwoProbes();
	library ??= import('leaflet/dist/leaflet-src.esm.js').catch((error: unknown) => {
		library = null;
		throw error;
	});
	return library;
}

const probes: readonly string[] = ['<svg/>', '<v:shape adj="1"/>'];
let allowed = false;

/**
 * Once, when loaded, Leaflet asks by `innerHTML` whether the browser draws SVG or VML, which Trusted Types would refuse.
 * These two texts are let through, and nothing else: all other HTML from text stays refused.
 */
function allowItsTwoProbes(): void {
	const types = (
		globalThis as {
			trustedTypes?: {
				defaultPolicy: unknown;
				createPolicy(name: string, rules: { createHTML(text: string): string | null }): unknown;
			};
		}
	).trustedTypes;
	if (allowed || !types || types.defaultPolicy) return;
	types.createPolicy('default', { createHTML: (text) => (probes.includes(text) ? text : null) });
	allowed = true;
}
