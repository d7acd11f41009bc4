import { beforeAll, expect, test, vi } from "vitest";
import { deadlineOf } from "#lib/desk/deadline.ts";

beforeAll(() => {
  // Texts in their English originals: no catalogue is loaded here.
  vi.stubGlobal("document", { documentElement: { lang: "en", dir: "ltr" } });
});

const now = Date.parse("2026-11-21T12:00:00Z");
const at = (hours: number) => new Date(now + hours * 3_600_000).toISOString();
const kind = (report: Partial<Parameters<typeof deadlineOf>[0]>) =>
  deadlineOf(
    {
      state: "submitted",
      acceptDueAt: at(6),
      solveDueAt: at(72),
      awaitingSince: null,
      ...report,
    },
    now,
  )?.kind;

test("a new report is due to be accepted, and only then to be solved", () => {
  expect(kind({})).toBe("running");
  expect(kind({ acceptDueAt: at(1.5) })).toBe("soon");
  expect(kind({ acceptDueAt: at(-1) })).toBe("late");
  expect(kind({ state: "accepted", acceptDueAt: at(-1) })).toBe("running");
  expect(kind({ state: "disputed", solveDueAt: at(-1) })).toBe("late");
});

test("a question stops the clock, even past the deadline", () => {
  expect(
    kind({
      state: "awaiting_reporter",
      solveDueAt: at(-1),
      awaitingSince: at(-2),
    }),
  ).toBe("still");
});

test("nobody is late with what is solved or ended", () => {
  for (const state of [
    "resolved",
    "closed",
    "rejected",
    "merged",
    "withdrawn",
    "queued",
  ] as const) {
    expect(
      kind({ state, acceptDueAt: at(-9), solveDueAt: at(-9) }),
      state,
    ).toBe(undefined);
  }
});
