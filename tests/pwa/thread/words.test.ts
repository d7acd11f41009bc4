import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Delivery, ReportView, ThreadItem } from "#lib/state/index.ts";

// The page declares the language; without a catalogue the texts are English.
vi.stubGlobal("document", {
  documentElement: { lang: "en", dir: "ltr" },
  querySelector: () => null,
});

type Modules = {
  clock: typeof import("#lib/thread/clock.ts");
  delivery: typeof import("#lib/thread/deliveryWords.ts");
  events: typeof import("#lib/thread/eventWords.ts");
  scale: typeof import("#lib/map/scale.ts");
};
let modules: Modules;

beforeAll(async () => {
  const { startLanguage } = await import("#lib/i18n/index.ts");
  await startLanguage(["case"]);
  modules = {
    clock: await import("#lib/thread/clock.ts"),
    delivery: await import("#lib/thread/deliveryWords.ts"),
    events: await import("#lib/thread/eventWords.ts"),
    scale: await import("#lib/map/scale.ts"),
  };
});

const now = Date.parse("2026-11-21T07:00:00Z");
const report = (more: Partial<ReportView>) =>
  ({
    state: "submitted",
    mine: true,
    acceptDueAt: "2026-11-21T09:00:00Z",
    solveDueAt: "2026-11-24T09:00:00Z",
    awaitingSince: null,
    resolvedAt: null,
    ...more,
  }) as ReportView;

describe("the clock of a report", () => {
  test("before it is accepted says when an answer is due", () => {
    expect(modules.clock.clockOf(report({}), now)).toMatchObject({
      kind: "running",
    });
    expect(modules.clock.clockOf(report({}), now)?.text).toMatch(
      /^Answer due by /,
    );
  });

  test("says plainly that the promise is broken, and by how much", () => {
    const late = modules.clock.clockOf(
      report({ acceptDueAt: "2026-11-21T05:00:00Z" }),
      now,
    );
    expect(late).toEqual({ kind: "late", text: "Overdue by 2 hours" });
  });

  test("stands while the reporter is asked, even when the time was already over", () => {
    const asked = report({
      awaitingSince: "2026-11-21T06:00:00Z",
      acceptDueAt: "2026-11-21T05:00:00Z",
    });
    expect(modules.clock.clockOf(asked, now)?.kind).toBe("still");
    expect(modules.clock.clockOf({ ...asked, mine: false }, now)?.text).toMatch(
      /reporter/,
    );
  });

  test("is about the solution once the report is accepted", () => {
    const text = modules.clock.clockOf(
      report({ state: "in_progress" }),
      now,
    )?.text;
    expect(text).toMatch(/^To be solved by /);
  });

  test("is gone when the report has ended", () => {
    for (const state of [
      "closed",
      "rejected",
      "merged",
      "withdrawn",
      "queued",
    ] as const) {
      expect(modules.clock.clockOf(report({ state }), now)).toBeNull();
    }
  });

  test("tells the reporter when a solved report closes by itself", () => {
    const solved = report({
      state: "resolved",
      resolvedAt: "2026-11-21T06:00:00Z",
    });
    expect(modules.clock.clockOf(solved, now)?.text).toContain(
      "28 November 2026",
    );
    expect(modules.clock.clockOf({ ...solved, mine: false }, now)).toBeNull();
  });
});

const delivery = (more: Partial<Delivery>): Delivery => ({
  entryId: "e",
  state: "queued",
  receivedAt: null,
  photosTotal: 0,
  voice: "none",
  photosSent: 0,
  bytesTotal: 0,
  bytesSent: 0,
  attempts: 0,
  retryAt: null,
  problem: null,
  ...more,
});

describe("what has been sent", () => {
  test("is never called sent before the server has it", () => {
    const words = modules.delivery.deliveryWords(delivery({}), now);
    expect(words).toBe("Saved on this phone. It will send by itself.");
  });

  test("names the photo that is on its way", () => {
    const moving = delivery({
      state: "sending",
      photosTotal: 3,
      photosSent: 1,
    });
    expect(modules.delivery.deliveryWords(moving, now)).toBe(
      "Sending: photo 2 of 3",
    );
  });

  test("is received although its photos still follow, and says so", () => {
    const words = delivery({
      receivedAt: "2026-11-21T06:30:00Z",
      photosTotal: 2,
      photosSent: 1,
    });
    expect(modules.delivery.deliveryWords(words, now)).toBe(
      "Received. The photos follow by themselves.",
    );
  });

  test("asks for the person when the server refused it", () => {
    const refused = delivery({ state: "needs_person", photosTotal: 2 });
    expect(modules.delivery.deliveryWords(refused, now)).toMatch(/^Needs you/);
    expect(
      modules.delivery.deliveryProgress({
        ...refused,
        bytesTotal: 9,
        bytesSent: 3,
      }),
    ).toBeNull();
  });
});

const moved = (to: string, more: Partial<ThreadItem> = {}) =>
  ({
    side: "reporter",
    mine: false,
    event: { type: "moved", to },
    ...more,
  }) as ThreadItem;

describe("an event of the thread", () => {
  const around = { mine: true, department: () => "Lighting" };

  test("says who did it: you, the reporter, or nobody for a week", () => {
    expect(
      modules.events.eventWords(moved("closed", { mine: true }), around),
    ).toBe("You said: it is fixed.");
    expect(modules.events.eventWords(moved("closed"), around)).toBe(
      "The reporter said: it is fixed.",
    );
    expect(
      modules.events.eventWords(moved("closed", { side: "system" }), around),
    ).toMatch(/7 days/);
  });

  test("names the department it was passed to, and says when there is none yet", () => {
    const routed = {
      side: "system",
      mine: false,
      event: { type: "routed", department_id: "d" },
    };
    expect(modules.events.eventWords(routed as ThreadItem, around)).toBe(
      "Passed to: Lighting",
    );
    const nobody = { mine: true, department: () => "" };
    expect(modules.events.eventWords(routed as ThreadItem, nobody)).toMatch(
      /Waiting/,
    );
  });

  test("has words for every state a newer server may name", () => {
    expect(modules.events.eventWords(moved("frozen"), around)).toBe(
      "The report has moved on.",
    );
  });
});

describe("the scale of a map", () => {
  test("is a round length that fits", () => {
    for (const metresPerPx of [0.3, 0.9, 2.4, 11, 150, 4000]) {
      const { px, text } = modules.scale.scaleFor(metresPerPx, 96);
      expect(px).toBeLessThanOrEqual(96);
      expect(px).toBeGreaterThan(96 / 2.6);
      expect(text).toMatch(/^[125]0* (m|km)$/);
    }
  });
});
