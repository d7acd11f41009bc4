import { describe, expect, test } from "vitest";
import { shapesOf } from "../../pwa/build-tools/icon-sprite.ts";
import { textsOf } from "../../pwa/build-tools/extract-messages.ts";

const msgids = (source: string, file = "src/Screen.svelte") =>
  textsOf(source, file).map(({ msgid, plural }) =>
    plural ? [msgid, plural] : msgid,
  );

describe("texts are found", () => {
  test("in markup, attributes, snippets, blocks and the script of a component", () => {
    const source = `
<script lang="ts">
	import { t, tn } from '#lib/i18n/index.ts';
	const title: string = t('In the script');
	let { many }: { many: number } = $props();
</script>
<!-- t('in a comment of the markup') -->
<p title={t('In an attribute')}>Don't {t("It's \\"quoted\\"")}</p>
<Button label="{t('In a quoted attribute')} and more" onclick={() => say(t('In a handler'))} />
{#if many > 1}{tn('{n} photo', '{n} photos', many)}{:else}{t('Otherwise')}{/if}
{#each list as one (one.id)}{#snippet inner()}{t('In a snippet')}{/snippet}{/each}
{@render row(t('Rendered'))}`;
    expect(msgids(source).flat().sort()).toEqual(
      [
        "In the script",
        "In an attribute",
        `It's "quoted"`,
        "In a quoted attribute",
        "In a handler",
        "{n} photo",
        "{n} photos",
        "Otherwise",
        "In a snippet",
        "Rendered",
      ].sort(),
    );
  });

  test("in TypeScript, over several lines, but not in comments or strings", () => {
    const source = `
// t('in a comment')
/* t('in another') */
const text = "t('in a string')";
export const word = t(
	'Over ' +
		'two lines',
	{ count }
);
export const later = N_('Marked for later') as string;
format.t('a method of something else');`;
    expect(msgids(source, "src/lib/words.ts")).toEqual([
      "Over two lines",
      "Marked for later",
    ]);
  });

  test("in choices", () => {
    expect(
      msgids("<p>{t(late ? 'Late' : 'In time')}{t(words[kind] ?? '')}</p>"),
    ).toEqual(["Late", "In time"]);
  });

  test("and t(name) is let by, because N_ marked what the name holds", () => {
    expect(msgids("<p>{t(look.word)}{t(word)}</p>")).toEqual([]);
  });
});

describe("a text put together when the app runs is refused with its file and line", () => {
  test.each([
    ["a template literal", "\n<p>{t(`Hello ${name}`)}</p>"],
    ["a template literal without places", "\n<p>{t(`Hello`)}</p>"],
    ["a sum with a variable", "\n<p>{t('Hello ' + name)}</p>"],
    [
      "a choice, one of which is put together",
      "\n<p>{t(late ? `Late ${n}` : word)}</p>",
    ],
    ["a plural that is a variable", "\n<p>{tn('one', many, 2)}</p>"],
    ["an empty text", "\n<p>{t('')}</p>"],
    ["a marker around a variable", "\n<p>{N_(name)}</p>"],
  ])("%s", (_name, source) => {
    expect(() => textsOf(source, "src/Screen.svelte")).toThrow(
      /^src\/Screen\.svelte:2: /,
    );
  });
});

describe("an icon", () => {
  const svg = (inside: string) =>
    `<!-- licence --><svg\n class="x"\n>\n  ${inside}\n</svg>`;

  test("keeps its shapes and nothing around them", () => {
    const inside = '<path d="m2 2 5 5" />\n  <circle cx="12" cy="12" r="2" />';
    expect(shapesOf(svg(inside), "icon")).toBe(
      '<path d="m2 2 5 5"/><circle cx="12" cy="12" r="2"/>',
    );
  });

  test("that brings a colour of its own stops the build", () => {
    expect(() =>
      shapesOf(
        svg('<circle cx="1" cy="1" r="1" fill="currentColor" />'),
        "dot",
      ),
    ).toThrow("dot");
  });
});
