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
			'no-restricted-syntax': [
				'error',
				{
					selector: "SvelteElement[kind='html'] SvelteStartTag > SvelteSpreadAttribute",
					message: "Name each attribute: one spread on an element adds 2 KB to everybody's first load."
				},
				{
					selector: "SvelteElement[kind='special'][name.name='svelte:element']",
					message: "Write the elements out with {#if}: this adds 2 KB to everybody's first load."
				}
			],
			// Their mutable collections are internals, or local to one computation.
			'svelte/prefer-svelte-reactivity': 'off'
		}
	}
);
