import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';

export default ts.config(
	{ ignores: ['build/', '.svelte-kit/', 'src/lib/i18n/generated/', 'src/lib/api/schema.d.ts'] },
	...ts.configs.strict,
	...svelte.configs.recommended,
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser } }
	},
	{
		rules: {
			'no-console': 'error',
			eqeqeq: 'error',
			'@typescript-eslint/no-non-null-assertion': 'error',
			// The app is always served from the root of its own origin.
			'svelte/no-navigation-without-resolve': 'off',
			'svelte/no-at-html-tags': 'error',
			// Their mutable collections are internals, or local to one computation.
			'svelte/prefer-svelte-reactivity': 'off'
		}
	}
);
