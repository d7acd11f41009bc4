import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { cleanText, fold, TextTooLong } from "#lib/text";

interface FoldVector {
  name: string;
  in: string;
  out: string;
}

interface CleanVector {
  name: string;
  in: string;
  times?: number;
  max: number;
  out?: string;
  too_long?: number;
}

const vectors = JSON.parse(
  readFileSync(new URL("../vectors/text.json", import.meta.url), "utf8"),
) as { fold: FoldVector[]; clean: CleanVector[] };

describe("a search key is the same everywhere", () => {
  test.each(vectors.fold)("$name", (vector) => {
    expect(fold(vector.in)).toBe(vector.out);
    expect(fold(vector.out)).toBe(vector.out);
  });
});

describe("typed text is stored the same everywhere", () => {
  test.each(vectors.clean)("$name", (vector) => {
    const text = vector.in.repeat(vector.times ?? 1);
    if (vector.too_long === undefined) {
      expect(cleanText(text, vector.max)).toBe(vector.out);
      return;
    }
    let thrown: unknown;
    try {
      cleanText(text, vector.max);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TextTooLong);
    expect(thrown).toMatchObject({
      length: vector.too_long,
      maxLength: vector.max,
    });
  });
});
