import { beforeAll, describe, expect, test, vi } from "vitest";

// A Persian page; the words of its catalogue do not matter here.
vi.stubGlobal("document", {
  documentElement: { lang: "fa", dir: "rtl" },
  querySelector: () => null,
});

let formats: typeof import("#lib/i18n/index.ts");

beforeAll(async () => {
  formats = await import("#lib/i18n/index.ts");
  await formats.startLanguage([]);
});

describe("for a Persian reader", () => {
  test("a distance stands apart from its unit, in Persian digits", () => {
    expect(formats.formatAmount(12, "meter", 0)).toBe("۱۲ متر");
  });

  test("sizes are written out, without a Latin letter", () => {
    expect(formats.formatBytes(11e9)).toBe("۱۱ گیگابایت");
  });

  test("a number to dial keeps its digits, and their zeros", () => {
    expect(formats.formatDigits("0110")).toBe("۰۱۱۰");
  });

  test("a place has the comma of its own script, and nothing for what is not known", () => {
    expect(formats.formatPlace("کوچهٔ شکوفه", null, "محلهٔ باغ سیب")).toBe(
      "کوچهٔ شکوفه، محلهٔ باغ سیب",
    );
  });

  test("a report's number is neither turned around nor broken", () => {
    expect(formats.formatCode("54H-QRJ-9")).toBe(
      "\u206654H\u2011QRJ\u20119\u2069",
    );
  });
});
