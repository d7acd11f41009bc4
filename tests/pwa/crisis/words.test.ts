import { expect, test } from "vitest";
import {
  adviceOf,
  choiceWords,
  kinds,
  saidIn,
  severities,
  severityWords,
} from "#lib/crisis/words.ts";

test("every kind has three choices and something to do", () => {
  for (const kind of kinds) {
    const choices = severities.map((severity) => choiceWords(kind, severity));
    expect(new Set(choices).size).toBe(3);
    expect(adviceOf(kind).length).toBeGreaterThan(1);
    for (const severity of severities)
      expect(severityWords(kind, severity)).not.toBe("");
  }
  expect(severityWords("snow", null)).toBe("Not said how bad");
});

test("a message that nobody wrote in the reader's language is shown in the writer's, and said to be", () => {
  const texts = { vi: "", fa: "برف", en: "" };
  expect(saidIn({ texts, language: "fa" })).toEqual({
    text: "برف",
    lang: "fa",
    foreign: "فارسی",
  });
  expect(
    saidIn({ texts: { ...texts, vi: "Tuyết" }, language: "fa" }),
  ).toMatchObject({
    text: "Tuyết",
    foreign: "",
  });
});
