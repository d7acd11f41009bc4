/** The desk's single-letter keys. They can be turned off (WCAG 2.1.4), and never act while somebody types. */
const store = 'desk-keys';

let on = $state(remembered());

function remembered(): boolean {
	try {
		return localStorage.getItem(store) !== 'off';
	} catch {
		return true;
	}
}

export const keys = {
	get on(): boolean {
		return on;
	},
	set on(wanted: boolean) {
		on = wanted;
		try {
			localStorage.setItem(store, wanted ? 'on' : 'off');
		} catch {
			// Storage is refused: the choice holds until the app is closed.
		}
	}
};

/** The letter (`j`, `k`, …), `/`, `?` or `escape` that was pressed as a command; null for everything else. */
export function commandOf(event: KeyboardEvent): string | null {
	if (!on || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) {
		return null;
	}
	const target = event.target;
	if (target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], dialog')) {
		// A box that is ticked takes no letters.
		if ((target as Partial<HTMLInputElement>).type !== 'checkbox' || target.closest('dialog')) return null;
	}
	if (event.key === '?' || event.key === '؟') return '?';
	if (event.key === '/') return '/';
	if (event.key === 'Escape') return 'escape';
	// On a Persian keyboard the key that says J on the others writes ت: go by its place.
	if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
	return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : null;
}
