import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { features, suggest, type SuggestionModel } from "#lib/suggest";

interface Vector {
  in: string;
  out: string[];
}

const vectors = JSON.parse(
  readFileSync(new URL("../vectors/suggest.json", import.meta.url), "utf8"),
) as { model: SuggestionModel; features: Vector[]; suggest: Vector[] };

describe("a text is taken apart the same everywhere", () => {
  test.each(vectors.features)("$in", (vector) => {
    expect(features(vector.in)).toEqual(vector.out);
  });
});

describe("server and phone suggest the same", () => {
  test.each(vectors.suggest)("$in", (vector) => {
    expect(suggest(vectors.model, vector.in)).toEqual(vector.out);
  });
});

test("a model of nothing, or a damaged one, suggests nothing and does not fail", () => {
  expect(
    suggest({ categories: [], priors: [], enough: 2, words: {} }, "lamp"),
  ).toEqual([]);
  const damaged = {
    categories: ["a"],
    priors: [],
    enough: 2,
    words: { lamp: [7, 99, 0] },
  };
  expect(suggest(damaged, "lamp lamp")).toEqual([]);
});
