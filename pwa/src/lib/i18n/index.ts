export { N_, type Params } from './fill.ts';
export * from './formats.ts';
export { chooseLanguage, i18n, loadWorkTexts, startLanguage, t, tn } from './i18n.svelte.ts';
export { directionOf, isLanguage, languages, locales, ownNames, type Language } from './language.ts';
