import { t } from '#lib/i18n/index.ts';
import { Problem } from '#lib/api/client.ts';

/** Why something that needs the network did not work, in words for the person. */
export function whyNot(error: unknown): string {
	if (error instanceof Problem) return error.detail || error.title;
	return t('This needs a connection. Please try again when there is one.');
}
