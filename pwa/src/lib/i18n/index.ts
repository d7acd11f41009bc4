export { N_, type Params } from './fill.ts';
export * from './formats.ts';
export { chooseLanguage, i18n, loadTexts, startLanguage, t, tn, type ScreenPart } from './i18n.svelte.ts';
export { directionOf, isLanguage, languages, locales, ownNames, type Language } from './language.ts';
