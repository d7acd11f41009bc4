import { t } from '#lib/i18n/index.ts';

/** Who reported it; without a name it was somebody without an account (R8). Null: not ours to know. */
export function reporterWords(name: string | null | undefined): string | null {
	return name === '' ? t('Without an account') : (name ?? null);
}
