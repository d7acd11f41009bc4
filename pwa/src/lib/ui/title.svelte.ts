import { t } from '#lib/i18n/index.ts';

/** Names the page after what it shows; null leaves the name to another part of the screen. Call it while made. */
export function nameThePage(title: () => string | null): void {
	$effect(() => {
		const name = title();
		if (name !== null) document.title = [name, t('Neighbourhood')].filter(Boolean).join(' · ');
	});
}
