import { expect, test } from "vitest";
import type { Question } from "#lib/api/types.ts";
import {
  answersOf,
  givenIn,
  readNumber,
  shownAnswers,
  wrongAnswers,
} from "#lib/questions/check.ts";

const names = (text: string) => ({ vi: text, fa: "", en: "" });

const questions: Question[] = [
  {
    id: "high",
    kind: "number",
    names: names("Cao?"),
    required: true,
    least: 1,
    most: 30,
    unit: names("mét"),
  },
  { id: "wire", kind: "yes_no", names: names("Dây?"), required: false },
  {
    id: "made",
    kind: "some_of",
    names: names("Bằng gì?"),
    required: false,
    options: [
      { id: "wood", names: names("Gỗ") },
      { id: "steel", names: names("Thép") },
    ],
  },
];

test("a number is read in any digits, and what is none stays as it was typed", () => {
  expect(readNumber("4,5")).toBe(4.5);
  expect(readNumber("۱۲٫۵")).toBe(12.5);
  expect(readNumber(" -3 ")).toBe(-3);
  expect(readNumber("khoảng 4")).toBe("khoảng 4");
});

test("only a missing answer that is needed and an impossible number are wrong", () => {
  expect(Object.keys(wrongAnswers(questions, {}))).toEqual(["high"]);
  expect(Object.keys(wrongAnswers(questions, { high: 31 }))).toEqual(["high"]);
  expect(Object.keys(wrongAnswers(questions, { high: "cao" }))).toEqual([
    "high",
  ]);
  expect(wrongAnswers(questions, { high: 30, wire: "", made: [] })).toEqual({});
});

test("what is sent is what this version asks, without what is empty", () => {
  const sent = answersOf(
    { questions, questions_version: 7 },
    { high: 2, wire: "", old: "x" },
  );
  expect(sent).toEqual({ version: 7, given: { high: 2 } });
});

test("answers shown can be changed again and say the same", () => {
  const given = { high: 2, wire: false, made: ["steel"] };
  const shown = shownAnswers(questions, given);
  expect(shown.map((answer) => answer.kind)).toEqual([
    "number",
    "yes_no",
    "some_of",
  ]);
  expect(shown[2]?.labels).toEqual([names("Thép")]);
  expect(givenIn(shown)).toEqual(given);
});
