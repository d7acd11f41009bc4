export type Language = 'vi' | 'fa' | 'en';

export const languages: readonly Language[] = ['vi', 'fa', 'en'];

/** What each language calls itself. Never translated. */
export const ownNames: Readonly<Record<Language, string>> = {
	vi: 'Tiếng Việt',
	fa: 'فارسی',
	en: 'English'
};

/** BCP 47 tags for Intl: Persian with the Jalali calendar and its own digits. */
export const locales: Readonly<Record<Language, string>> = {
	vi: 'vi-VN',
	fa: 'fa-IR-u-ca-persian-nu-arabext',
	en: 'en-GB'
};

export function isLanguage(value: unknown): value is Language {
	return value === 'vi' || value === 'fa' || value === 'en';
}

export function directionOf(language: Language): 'ltr' | 'rtl' {
	return language === 'fa' ? 'rtl' : 'ltr';
}
