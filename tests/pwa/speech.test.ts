import { keyOf } from "#lib/i18n/key.ts";
import {
  translate,
  translateCounted,
  unpack,
  type Catalogue,
} from "#lib/i18n/fill.ts";
import { describe, expect, test } from "vitest";
import keys from "../vectors/message_keys.json" with { type: "json" };

function catalogue(texts: Record<string, string | string[]>): Catalogue {
  return Object.fromEntries(
    Object.entries(texts).map(([msgid, text]) => [keyOf(msgid), text]),
  );
}

describe("a text on the screen", () => {
  test.each(Object.entries(keys))(
    "is found under the key that the build gave it: %j",
    (msgid, key) => {
      expect(keyOf(msgid)).toBe(key);
    },
  );

  test("is the translation, with its places filled in the order of that language", () => {
    const fa = catalogue({
      "Sending: photo {current} of {total}":
        "در حال ارسال: عکس {current} از {total}",
    });
    const params = { current: 2, total: 3 };
    expect(
      translate("fa", fa, "Sending: photo {current} of {total}", params),
    ).toBe("در حال ارسال: عکس ۲ از ۳");
  });

  test("is English while its catalogue has not arrived", () => {
    expect(translate("vi", {}, "Received at {time}", { time: "14:05" })).toBe(
      "Received at 14:05",
    );
  });

  test("keeps what a person typed, braces and all", () => {
    expect(translate("en", {}, "About {what}", { what: "{time}" })).toBe(
      "About {time}",
    );
  });

  test("shows a place nobody filled rather than nothing", () => {
    expect(translate("en", {}, "Due by {when}", {})).toBe("Due by {when}");
  });
});

describe("a counted text", () => {
  const say = (language: "vi" | "fa" | "en", n: number, texts: Catalogue) =>
    translateCounted(language, texts, "{n} photo", "{n} photos", n);

  test("is singular and plural in English, also without a catalogue", () => {
    expect([0, 1, 2].map((n) => say("en", n, {}))).toEqual([
      "0 photos",
      "1 photo",
      "2 photos",
    ]);
  });

  test("has one form in Vietnamese", () => {
    const vi = catalogue({ "{n} photo": ["{n} ảnh"] });
    expect([1, 2000].map((n) => say("vi", n, vi))).toEqual([
      "1 ảnh",
      "2.000 ảnh",
    ]);
  });

  test("counts none like one in Persian, with Persian digits", () => {
    const fa = catalogue({ "{n} photo": ["یک یا هیچ: {n}", "{n} عکس"] });
    expect([0, 1, 2].map((n) => say("fa", n, fa))).toEqual([
      "یک یا هیچ: ۰",
      "یک یا هیچ: ۱",
      "۲ عکس",
    ]);
  });

  test("in a language without its catalogue counts as English does", () => {
    expect(say("fa", 0, {})).toBe("۰ photos");
  });
});
