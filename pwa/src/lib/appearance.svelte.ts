export type Appearance = 'auto' | 'light' | 'dark';

let current = $state<Appearance>(declared());

/** `app.html` has read the choice before the first drawing. */
function declared(): Appearance {
	const value = document.documentElement.dataset['appearance'];
	return value === 'light' || value === 'dark' ? value : 'auto';
}

export const appearance = {
	get current(): Appearance {
		return current;
	}
};

export function chooseAppearance(chosen: Appearance): void {
	current = chosen;
	document.documentElement.dataset['appearance'] = chosen;
	try {
		localStorage.setItem('appearance', chosen);
	} catch {
		// Storage is refused: the choice holds until the app is closed.
	}
	paintBrowserFrame();
}

/** Lets the phone's own bar above the app have the app's paper. */
export function paintBrowserFrame(): void {
	let meta = document.querySelector<HTMLMetaElement>('meta[name="theme-color"]');
	if (!meta) {
		meta = Object.assign(document.createElement('meta'), { name: 'theme-color' });
		document.head.append(meta);
	}
	meta.content = getComputedStyle(document.documentElement).getPropertyValue('--paper').trim();
}
