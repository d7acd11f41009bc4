/**
 * `unfinished.ts`, fetched when something first needs it: on most days nothing on a phone is unsent or unfinished.
 * `parts` is undefined until then, and null when it could not be fetched.
 */
let parts = $state.raw<typeof import('./unfinished.ts') | null>();
let wanted = false;

export const unfinished = {
	get parts() {
		return parts;
	},
	want(): void {
		if (wanted) return;
		wanted = true;
		void import('./unfinished.ts').then(
			(found) => (parts = found),
			() => {
				parts = null;
				wanted = false;
			}
		);
	}
};
