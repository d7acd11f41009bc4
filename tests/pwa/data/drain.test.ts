import { beforeEach, describe, expect, test } from "vitest";
import { drain, type DrainSource } from "#lib/data/drain.ts";
import {
  emptyMessageDraft,
  sendMessage,
  submitReport,
} from "#lib/data/drafts.ts";
import { allEntries, enqueue } from "#lib/data/outbox.ts";
import { markRead } from "#lib/data/reading.ts";
import type { OutboxEntry } from "#lib/data/rows.ts";
import { getMeta } from "#lib/data/db.ts";
import { FakeServer, json, problem, type Fault } from "./fake-server.ts";
import { draftWith, newPhone, type Phone } from "./phone.ts";

let server: FakeServer;
let phone: Phone;

beforeEach(async () => {
  server = new FakeServer();
  phone = await newPhone(server.client);
});

const run = (source: DrainSource = "timer") => drain(phone.parts, { source });

async function only(): Promise<OutboxEntry> {
  const [entry, ...rest] = await allEntries(phone.db);
  expect(rest).toEqual([]);
  if (!entry) throw new Error("the outbox is empty");
  return entry;
}

async function say(reportId: string, text: string): Promise<OutboxEntry> {
  return sendMessage(phone.db, {
    ...emptyMessageDraft(reportId, "message"),
    text,
  });
}

test("a report with photos reaches the server whole, and only then leaves the phone", async () => {
  const entry = await submitReport(
    phone.db,
    await draftWith(phone, 200_000, 10),
  );
  const photos = await phone.db.getAll("photos");
  await run();
  expect(server.thread(entry.id)).toEqual([entry.id]);
  for (const photo of photos)
    expect(server.stored.get(photo.sha256)).toEqual(
      new Uint8Array(photo.bytes),
    );
  expect((await only()).state).toBe("done");
  expect(await phone.db.count("photos")).toBe(0);
  expect(await phone.db.count("uploads")).toBe(0);
});

test("when a line is back in silence, sending goes on within five seconds, however long it was away", async () => {
  await submitReport(phone.db, await draftWith(phone));
  let nextAt: number | null = null;
  for (let failures = 0; failures < 12; failures++) {
    server.faults = ["drop_before"];
    phone.clock.now = (await only()).nextAttemptAt;
    nextAt = (await run()).nextAt;
  }
  const gone = phone.clock.now;
  expect((await only()).nextAttemptAt).toBeGreaterThan(gone + 60_000);
  for (const fault of ["drop_before", "portal", "foreign_json"] as const) {
    expect(nextAt).toBeLessThanOrEqual(phone.clock.now + 5_000);
    phone.clock.now = nextAt ?? 0;
    server.faults = [fault];
    nextAt = (await run()).nextAt;
    expect((await only()).state).toBe("queued");
  }
  phone.clock.now = nextAt ?? 0;
  await run();
  expect((await only()).state).toBe("done");
});

test("a server that asked to be left alone is not asked whether it is there", async () => {
  await submitReport(phone.db, await draftWith(phone));
  server.faults = ["crowded"];
  await run();
  const asked = server.requests.length;
  phone.clock.now += 1_000;
  const { nextAt } = await run();
  expect(nextAt).toBe((await only()).nextAttemptAt);
  expect(server.requests).toHaveLength(asked);
});

test("what a clock years ahead put off is not put off for years once the clock is right", async () => {
  const right = phone.clock.now;
  phone.clock.now += 3 * 365 * 86_400_000;
  await submitReport(phone.db, await draftWith(phone));
  server.faults = ["crowded"];
  await run("enqueued");
  expect((await only()).nextAttemptAt).toBeGreaterThan(phone.clock.now);
  phone.clock.now = right;
  await run();
  expect((await only()).state).toBe("done");
});

test("the words of a report go before its photos", async () => {
  await submitReport(phone.db, await draftWith(phone, 100));
  server.faults = ["ok", "drop_before"];
  await run();
  expect(server.rows).toHaveLength(1);
  const entry = await only();
  expect(entry.receivedAt).toBe("2026-01-01T00:00:00Z");
  expect(entry.code).toBe("K7P-2QF-9");
  expect(await phone.db.count("photos")).toBe(1);
});

test("a message queued while photos are on their way does not wait for them", async () => {
  const report = await submitReport(phone.db, await draftWith(phone, 300_000));
  let said = false;
  phone.parts.client.send = async (method, path, init, limit) => {
    const response = await server.client.send(method, path, init, limit);
    if (method === "PATCH" && !said) {
      said = true;
      await say(report.id, "it is dangerous");
    }
    return response;
  };
  await run();
  const order = server.requests.map((request) =>
    request.replace(/\/[0-9a-f-]{36}/g, ""),
  );
  const spoken = order.indexOf("PUT /api/reports/messages");
  expect(spoken).toBeGreaterThan(-1);
  expect(
    order.slice(spoken).filter((request) => request.startsWith("PATCH")),
  ).toHaveLength(4);
  expect(server.stored.size).toBe(1);
});

test("after a drop in the middle of a photo at most 64 KB are sent again", async () => {
  await submitReport(phone.db, await draftWith(phone, 250_000));
  // Report, create, two chunks; the third is lost.
  server.faults = ["ok", "ok", "ok", "ok", "drop_before"];
  await run();
  expect(server.uploadedBytes).toBe(2 * 65_536);
  await run("online");
  expect(server.stored.size).toBe(1);
  expect(server.uploadedBytes).toBe(250_000);
});

test("an answer lost after the last photo is asked for again, and nothing is sent twice", async () => {
  await submitReport(phone.db, await draftWith(phone, 100));
  server.faults = ["ok", "ok", "drop_after"];
  await run();
  await run("online");
  expect(server.uploadedBytes).toBe(100);
  expect((await only()).state).toBe("done");
});

describe.each<Fault>([
  "drop_before",
  "unavailable",
  "bad_gateway",
  "portal",
  "foreign_json",
  "cut_json",
  "proxy_403",
  "busy",
  "crowded",
])('when a request meets "%s"', (fault) => {
  test("nothing is taken for sent, and it is tried again by itself", async () => {
    const entry = await submitReport(phone.db, await draftWith(phone, 100));
    server.faults = [fault];
    const result = await run();
    const waiting = await only();
    expect(waiting.state).toBe("queued");
    expect(waiting.receivedAt).toBeNull();
    expect(result.nextAt).toBeGreaterThan(phone.clock.now);
    expect(await phone.db.count("photos")).toBe(1);
    phone.clock.now = waiting.nextAttemptAt;
    await run();
    expect(server.thread(entry.id)).toEqual([entry.id]);
    expect((await only()).state).toBe("done");
  });
});

test("an upload does not take a sign-in page for the server either", async () => {
  await submitReport(phone.db, await draftWith(phone, 100));
  server.faults = ["ok", "portal"];
  await run();
  expect(server.stored.size).toBe(0);
  expect((await only()).state).toBe("queued");
  expect(await phone.db.count("photos")).toBe(1);
});

test("waiting grows with every failure, is bounded, and obeys the server", async () => {
  await submitReport(phone.db, await draftWith(phone));
  const waits = [];
  for (let round = 0; round < 12; round++) {
    server.faults = ["bad_gateway"];
    await run();
    const { nextAttemptAt } = await only();
    waits.push(nextAttemptAt - phone.clock.now);
    phone.clock.now = nextAttemptAt;
  }
  expect(waits.slice(0, 3)).toEqual([1_500, 3_000, 6_000]);
  expect(Math.max(...waits)).toBeLessThanOrEqual(5 * 60_000);
  server.faults = ["busy"];
  phone.clock.now += 1;
  await run();
  expect((await only()).nextAttemptAt - phone.clock.now).toBeGreaterThanOrEqual(
    7_000,
  );
});

test("coming back online does not wait for the clock; a busy server is still left alone", async () => {
  const entry = await submitReport(phone.db, await draftWith(phone));
  server.faults = ["drop_before", "drop_before"];
  await run();
  await run("timer");
  expect(server.rows).toHaveLength(0);
  server.faults = ["busy"];
  await run("online");
  await run("online");
  expect(server.rows).toHaveLength(0);
  await run("person");
  expect(server.thread(entry.id)).toEqual([entry.id]);
});

test("a phone with much to send does not press a server that has too much to do", async () => {
  for (let number = 0; number < 30; number++)
    await submitReport(phone.db, await draftWith(phone));
  server.faults = Array<Fault>(30).fill("crowded");
  const result = await run("online");
  expect(server.requests).toHaveLength(2);
  const asked = (await allEntries(phone.db)).filter((entry) => entry.attempts);
  expect(asked).toHaveLength(2);
  for (const { nextAttemptAt } of asked)
    expect(nextAttemptAt - phone.clock.now).toBeGreaterThanOrEqual(5_000);
  expect(result.nextAt).toBe(asked[0]?.nextAttemptAt);
  // Seen again meanwhile: those two wait as they were asked to.
  server.faults = [];
  await run("visible");
  expect(server.rows).toHaveLength(28);
  phone.clock.now += 7_500;
  await run();
  expect(server.rows).toHaveLength(30);
});

test("the order inside a thread is kept while its first message is failing", async () => {
  const report = await submitReport(phone.db, await draftWith(phone));
  await run();
  const first = await say(report.id, "one");
  const second = await say(report.id, "two");
  server.faults = ["unavailable"];
  await run();
  expect(server.thread(report.id)).toEqual([report.id]);
  phone.clock.now += 10_000;
  await run();
  expect(server.thread(report.id)).toEqual([report.id, first.id, second.id]);
});

test("a report that fails does not hold up another one", async () => {
  const first = await submitReport(phone.db, await draftWith(phone));
  const second = await submitReport(phone.db, await draftWith(phone));
  server.faults = ["unavailable"];
  await run();
  expect(server.thread(first.id)).toEqual([]);
  expect(server.thread(second.id)).toEqual([second.id]);
});

test("without a network two tries are enough for now", async () => {
  for (let n = 0; n < 5; n++)
    await submitReport(phone.db, await draftWith(phone));
  server.faults = Array<Fault>(10).fill("drop_before");
  expect((await run()).outcome).toBe("offline");
  expect(server.requests).toHaveLength(2);
});

test("signed out: everything waits, is kept, and goes on after signing in", async () => {
  await submitReport(phone.db, await draftWith(phone, 10));
  await submitReport(phone.db, await draftWith(phone));
  server.faults = ["signed_out"];
  expect((await run()).outcome).toBe("paused");
  expect(await getMeta(phone.db, "paused")).toBe("signed_out");
  expect((await run("online")).outcome).toBe("paused");
  expect(server.requests).toHaveLength(1);
  expect((await allEntries(phone.db)).map((entry) => entry.state)).toEqual([
    "queued",
    "queued",
  ]);
  await run("signed_in");
  expect(server.rows).toHaveLength(2);
  expect(await getMeta(phone.db, "paused")).toBeUndefined();
});

test("what the server refuses waits for the person, with its words, and holds up what follows it", async () => {
  const report = await submitReport(phone.db, await draftWith(phone, 10));
  await say(report.id, "hello");
  server.refuses = () => ({ status: 422, code: "outside_area" });
  await run();
  const [refused, message] = await allEntries(phone.db);
  expect(refused?.state).toBe("needs_person");
  expect(refused?.lastError).toMatchObject({
    code: "outside_area",
    detail: "about outside_area",
    status: 422,
  });
  expect(message?.state).toBe("queued");
  expect(await phone.db.count("photos")).toBe(1);
  await run("person");
  expect(server.requests).toHaveLength(1);
});

test("a move that came too late tells in what state the report is now", async () => {
  await enqueue(phone.db, {
    kind: "move",
    reportId: "r1",
    payload: { to: "withdrawn" },
  });
  phone.parts.client.request = async () => {
    const response = problem(409, "illegal_move");
    const body = { ...((await response.json()) as object), state: "accepted" };
    const { Problem } = await import("#lib/api/client.ts");
    throw new Problem(body as never, 409);
  };
  await run();
  expect((await only()).lastError).toMatchObject({
    code: "illegal_move",
    state: "accepted",
  });
});

test("an edit whose answer was lost before the report was accepted is not refused", async () => {
  await enqueue(phone.db, {
    kind: "edit",
    reportId: "r1",
    payload: { description: "the lamp " },
  });
  const report = { report: { id: "r1", description: "the lamp" } };
  const answers = [
    () => Promise.reject(new TypeError()),
    async () => problem(409, "illegal_move"),
    async () => json(200, report),
  ];
  const { makeClient } = await import("#lib/api/client.ts");
  phone.parts.client = makeClient({
    fetch: () => (answers.shift() as () => Promise<Response>)(),
    language: () => "en",
  });
  await run();
  await run("online");
  expect(await allEntries(phone.db)).toEqual([]);
});

test("an edit that may have counted waits until the phone could look, instead of being called refused", async () => {
  await enqueue(phone.db, {
    kind: "edit",
    reportId: "r1",
    payload: { description: "the lamp" },
  });
  const refused = async () => problem(409, "illegal_move");
  const report = { report: { id: "r1", description: "the lamp" } };
  const answers = [
    () => Promise.reject(new TypeError()),
    refused,
    () => Promise.reject(new TypeError()),
    refused,
    async () => json(200, report),
  ];
  const { makeClient } = await import("#lib/api/client.ts");
  phone.parts.client = makeClient({
    fetch: () => (answers.shift() as () => Promise<Response>)(),
    language: () => "en",
  });
  await run();
  await run("online");
  expect((await only()).state).toBe("queued");
  await run("online");
  expect(await allEntries(phone.db)).toEqual([]);
});

test("a photo the server lost after all is sent again", async () => {
  await submitReport(phone.db, await draftWith(phone, 100));
  server.faults = ["ok", "ok", "ok", "drop_before"];
  await run();
  server.stored.clear();
  server.uploads.clear();
  await run("online");
  expect(await phone.db.count("photos")).toBe(1);
  await run("online");
  expect(server.stored.size).toBe(1);
  expect((await only()).state).toBe("done");
});

test('photos wait for Wi-Fi when the person says so, words do not, and "send now" overrules', async () => {
  phone.parts.photosAllowed = async () => false;
  await submitReport(phone.db, await draftWith(phone, 100));
  await run();
  expect(server.rows).toHaveLength(1);
  expect(server.stored.size).toBe(0);
  await run("person");
  expect(server.stored.size).toBe(1);
});

test("a photo whose bytes the browser lost is told to the person, not kept quiet", async () => {
  const entry = await submitReport(phone.db, await draftWith(phone, 100));
  await phone.db.clear("photos");
  await run();
  expect((await only()).state).toBe("needs_person");
  expect((await only()).lastError?.code).toBe("photo_lost");
  expect(server.thread(entry.id)).toEqual([entry.id]);
});

test("what a proxy finds too large is told to the person, not sent again for ever", async () => {
  await submitReport(phone.db, await draftWith(phone, 100));
  server.faults = ["ok", "ok", "proxy_413"];
  await run();
  expect((await only()).state).toBe("needs_person");
  expect((await only()).lastError?.code).toBe("too_large_on_the_way");
  const asked = server.requests.length;
  await run("online");
  expect(server.requests).toHaveLength(asked);
  expect(await phone.db.count("photos")).toBe(1);
});

test("read markers do not wait for anything, and only the furthest is sent", async () => {
  await markRead(phone.db, "r1", 3);
  await markRead(phone.db, "r1", 7);
  await markRead(phone.db, "r1", 5);
  await run();
  expect(server.requests).toEqual(["PUT /api/reports/r1/read-marker"]);
  expect(await allEntries(phone.db)).toEqual([]);
});

test("two tabs that drain at once send everything once", async () => {
  for (let n = 0; n < 4; n++)
    await submitReport(phone.db, await draftWith(phone, 100_000));
  const results = await Promise.all([run(), run("online"), run()]);
  expect(results.map((result) => result.outcome).sort()).toEqual([
    "busy",
    "busy",
    "idle",
  ]);
  expect(
    server.requests.filter((request) => request.startsWith("PUT")),
  ).toHaveLength(8);
  expect(server.uploadedBytes).toBe(400_000);
});

test("what a killed tab was just sending is sent again under its id", async () => {
  const entry = await submitReport(phone.db, await draftWith(phone, 100));
  const { request } = phone.parts.client;
  phone.parts.client.request = () => Promise.reject(new Error("killed"));
  await expect(run()).rejects.toThrow("killed");
  expect((await only()).state).toBe("sending");
  phone.parts.client.request = request;
  await run();
  expect(server.thread(entry.id)).toEqual([entry.id]);
});
