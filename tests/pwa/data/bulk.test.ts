import { beforeEach, expect, test } from "vitest";
import {
  forgetSent,
  heldMs,
  holdSteps,
  mostMoves,
  takeBackSteps,
  TooManyMoves,
  type BulkStep,
} from "#lib/data/bulk.ts";
import { drain, type DrainSource } from "#lib/data/drain.ts";
import { allEntries } from "#lib/data/outbox.ts";
import { FakeServer } from "./fake-server.ts";
import { draftWith, newPhone, type Phone } from "./phone.ts";
import { submitReport } from "#lib/data/drafts.ts";

let server: FakeServer;
let phone: Phone;
let reports: string[];

beforeEach(async () => {
  server = new FakeServer();
  phone = await newPhone(server.client);
  reports = [];
  for (let at = 0; at < 3; at++)
    reports.push((await submitReport(phone.db, await draftWith(phone))).id);
  await run();
  for (const entry of await allEntries(phone.db))
    await phone.db.delete("outbox", entry.id);
});

const run = (source: DrainSource = "timer") => drain(phone.parts, { source });
const until = () => phone.clock.now + heldMs;
const accepted = (): BulkStep[] =>
  reports.map((reportId) => ({
    reportId,
    steps: [{ kind: "move", payload: { to: "accepted" } }],
  }));
const told = () => reports.map((id) => server.thread(id).length - 1);

test("nothing leaves before its time, whatever wakes the sending; then each goes once", async () => {
  await holdSteps(phone.db, accepted(), until());
  for (const source of ["enqueued", "online", "visible", "worker"] as const) {
    expect((await run(source)).nextAt).toBe(until());
    expect(told()).toEqual([0, 0, 0]);
  }
  phone.clock.now += heldMs;
  await run();
  await run();
  expect(told()).toEqual([1, 1, 1]);
});

test("within its time all of it can be taken back, and nothing is left", async () => {
  const made = await holdSteps(phone.db, accepted(), until());
  expect(await takeBackSteps(phone.db, [...made.values()].flat())).toEqual([]);
  phone.clock.now += heldMs;
  await run();
  expect(told()).toEqual([0, 0, 0]);
  expect(await allEntries(phone.db)).toEqual([]);
});

test("what has been sent is named, and stays", async () => {
  const made = await holdSteps(phone.db, accepted(), until());
  const ids = [...made.values()].flat();
  phone.clock.now += heldMs;
  await run();
  expect((await takeBackSteps(phone.db, ids)).sort()).toEqual(ids.sort());
  expect(told()).toEqual([1, 1, 1]);
});

test("of two steps of a report the later one is not sent without the earlier one", async () => {
  const steps = reports.map((reportId) => ({
    reportId,
    steps: [
      { kind: "move" as const, payload: { to: "in_progress" as const } },
      {
        kind: "move" as const,
        payload: { to: "resolved" as const, text: "ok" },
      },
    ],
  }));
  const made = await holdSteps(phone.db, steps, until());
  expect([...made.values()].map((ids) => ids.length)).toEqual([2, 2, 2]);
  phone.clock.now += heldMs;
  await run();
  expect(told()).toEqual([2, 2, 2]);
  for (const [reportId, ids] of made)
    expect(server.thread(reportId).slice(1)).toEqual(ids);
});

test("more than are possible at once are refused whole", async () => {
  const many = Array.from({ length: mostMoves + 1 }, () => ({
    reportId: crypto.randomUUID(),
    steps: [{ kind: "move" as const, payload: { to: "accepted" as const } }],
  }));
  await expect(holdSteps(phone.db, many, until())).rejects.toThrow(
    TooManyMoves,
  );
  expect(await allEntries(phone.db)).toEqual([]);
});

test("sent steps of reports that no copy is kept of do not pile up", async () => {
  await holdSteps(phone.db, accepted(), until());
  phone.clock.now += heldMs;
  await run();
  const [kept = ""] = reports;
  await phone.db.put("cases", {
    id: kept,
    report: {} as never,
    messages: [],
    fetchedAt: 0,
  });
  await forgetSent(phone.db);
  expect((await allEntries(phone.db)).map((entry) => entry.reportId)).toEqual([
    kept,
  ]);
});

test("hand-overs are held back, taken back and sent as moves are", async () => {
  const handed = (): BulkStep[] =>
    reports.map((reportId) => ({
      reportId,
      steps: [
        {
          kind: "handover",
          payload: { department_id: "d2", reason: "theirs" },
        },
      ],
    }));
  const first = await holdSteps(phone.db, handed(), until());
  expect(await takeBackSteps(phone.db, [...first.values()].flat())).toEqual([]);
  const made = await holdSteps(phone.db, handed(), until());
  phone.clock.now += heldMs;
  await run();
  for (const [reportId, ids] of made) {
    expect(server.thread(reportId).slice(1)).toEqual(ids);
    expect(server.requests).toContain(
      `PUT /api/reports/${reportId}/handovers/${ids[0]}`,
    );
  }
  await forgetSent(phone.db);
  expect(await allEntries(phone.db)).toEqual([]);
});
