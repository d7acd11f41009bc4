/** Chromium's event; in no standard, so TypeScript does not know it. */
interface InstallOffer extends Event {
	prompt(): Promise<void>;
	readonly userChoice: Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

let offer = $state.raw<InstallOffer | null>(null);
let installed = $state(runsInstalled());

function runsInstalled(): boolean {
	return (
		matchMedia('(display-mode: standalone)').matches ||
		(navigator as { standalone?: boolean }).standalone === true
	);
}

function isApplePhone(): boolean {
	// An iPad says it is a Mac; no Mac has a touch screen.
	return (
		/iPhone|iPad|iPod/.test(navigator.userAgent) ||
		(/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
	);
}

export const install = {
	/** The app runs from its own icon. */
	get installed(): boolean {
		return installed;
	},

	/** `ask`: the browser can do it at one touch. `explain`: the person must, we show how. */
	get way(): 'ask' | 'explain' | 'none' {
		if (installed) return 'none';
		if (offer) return 'ask';
		return isApplePhone() ? 'explain' : 'none';
	},

	/** Opens the browser's own question. True when the person agreed. */
	async ask(): Promise<boolean> {
		const current = offer;
		if (!current) return false;
		// The browser lets each offer be used once.
		offer = null;
		await current.prompt();
		return (await current.userChoice).outcome === 'accepted';
	}
};

/** Listens from the start: the browser makes its offer once, early, and to nobody in particular. */
export function listenForInstall(): void {
	addEventListener('beforeinstallprompt', (event) => {
		event.preventDefault();
		offer = event as InstallOffer;
	});
	addEventListener('appinstalled', () => {
		offer = null;
		installed = true;
	});
}
