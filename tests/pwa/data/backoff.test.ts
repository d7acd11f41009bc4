import { expect, test } from "vitest";
import { backoff } from "#lib/data/backoff.ts";

const phones = 2_000;

/** How many of the phones come in each tenth of the time between the first and the last. */
function tenths(waits: readonly number[]): number[] {
  const first = Math.min(...waits);
  const width = (Math.max(...waits) - first) / 10;
  const counts = Array<number>(10).fill(0);
  for (const wait of waits) {
    const tenth = Math.min(9, Math.floor((wait - first) / width));
    counts[tenth] = (counts[tenth] ?? 0) + 1;
  }
  return counts;
}

const waitsOf = (attempts: number, asked: number | null) =>
  Array.from({ length: phones }, () => backoff(attempts, asked, Math.random));

test("no phone comes back before the time the server asked for, nor much later", () => {
  for (const asked of [1_000, 5_000, 60_000, 3_600_000]) {
    const waits = waitsOf(1, asked);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(asked);
    expect(Math.max(...waits)).toBeLessThanOrEqual(
      Math.max(asked * 1.5, 2_000),
    );
  }
});

test("phones sent away together do not come back together", () => {
  for (const asked of [null, 5_000, 600_000]) {
    for (const count of tenths(waitsOf(1, asked))) {
      expect(count).toBeGreaterThan(phones / 20);
      expect(count).toBeLessThan(phones / 5);
    }
  }
});

test("who has failed often waits longer than the server asks for, but never more than an hour and a half", () => {
  expect(Math.min(...waitsOf(12, 5_000))).toBeGreaterThanOrEqual(150_000);
  expect(Math.max(...waitsOf(12, Number.MAX_SAFE_INTEGER))).toBeLessThanOrEqual(
    1.5 * 3_600_000,
  );
});
