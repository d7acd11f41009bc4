import { beforeEach, expect, test } from "vitest";
import { makeClient } from "#lib/api/client.ts";
import type { SyncOut } from "#lib/api/types.ts";
import { getMeta } from "#lib/data/db.ts";
import { drain } from "#lib/data/drain.ts";
import { submitReport } from "#lib/data/drafts.ts";
import { allEntries } from "#lib/data/outbox.ts";
import { pull } from "#lib/data/sync.ts";
import { FakeServer, json, problem } from "./fake-server.ts";
import { draftWith, newPhone, type Phone } from "./phone.ts";

let phone: Phone;
let asked: string[];
let answers: (() => Response)[];

beforeEach(async () => {
  asked = [];
  answers = [];
  const fetch = async (input: RequestInfo | URL) => {
    asked.push(String(input));
    const answer = answers.shift();
    if (!answer) throw new TypeError("fetch failed");
    return answer();
  };
  phone = await newPhone(makeClient({ fetch, language: () => "en" }));
});

function page(cursor: string, part: Partial<SyncOut> = {}): () => Response {
  return () =>
    json(200, {
      cursor,
      more: false,
      reset: false,
      upserts: {},
      removals: {},
      ...part,
    });
}

const report = (id: string) =>
  ({ id, created_at: "2026-01-01T00:00:00Z" }) as never;
const message = (id: string, report_id: string) =>
  ({ id, report_id, seq: 1 }) as never;
const ids = async (store: "reports" | "messages" | "cases") =>
  (await phone.db.getAllKeys(store)).sort();

test("pages are pulled until there is no more, and the next pull goes on from there", async () => {
  answers = [
    page("c1", { more: true, upserts: { report: [report("a")] } }),
    page("c2", {
      upserts: { report: [report("b")], message: [message("m", "a")] },
    }),
    page("c3"),
  ];
  await pull(phone.parts);
  expect(await ids("reports")).toEqual(["a", "b"]);
  expect(await getMeta(phone.db, "syncedAt")).toBe(phone.clock.now);
  await pull(phone.parts);
  expect(asked).toEqual([
    "/api/sync",
    "/api/sync?cursor=c1",
    "/api/sync?cursor=c2",
  ]);
});

test("a pull cut off between pages keeps what came and goes on there", async () => {
  answers = [page("c1", { more: true, upserts: { report: [report("a")] } })];
  await expect(pull(phone.parts)).rejects.toThrow();
  expect(await ids("reports")).toEqual(["a"]);
  expect(await getMeta(phone.db, "syncedAt")).toBeUndefined();
  answers = [page("c2")];
  await pull(phone.parts);
  expect(asked.at(-1)).toBe("/api/sync?cursor=c1");
});

test("rows may come twice", async () => {
  answers = [
    page("c1", { upserts: { report: [report("a")] } }),
    page("c1", { upserts: { report: [report("a")] } }),
  ];
  await pull(phone.parts);
  await pull(phone.parts);
  expect(await ids("reports")).toEqual(["a"]);
});

test("what left my sight leaves the phone, with its thread", async () => {
  answers = [
    page("c1", {
      upserts: {
        report: [report("a"), report("b")],
        message: [message("m", "a"), message("n", "b")],
      },
    }),
    page("c2", { removals: { report: ["a"] } }),
    () => problem(404, "not_found"),
  ];
  await pull(phone.parts);
  await phone.db.put("cases", {
    id: "a",
    report: report("a"),
    messages: [],
    fetchedAt: 0,
  });
  await pull(phone.parts);
  expect(await ids("reports")).toEqual(["b"]);
  expect(await ids("messages")).toEqual(["n"]);
  expect(await ids("cases")).toEqual([]);
});

test("a change in my department, of which the phone keeps no replica, refreshes the case I have opened", async () => {
  answers = [
    page("c1"),
    page("c2", { removals: { report: ["a", "never opened"], message: ["m"] } }),
    () => json(200, { report: report("a"), messages: [message("m", "a")] }),
  ];
  await pull(phone.parts);
  await phone.db.put("cases", {
    id: "a",
    report: report("a"),
    messages: [],
    fetchedAt: 0,
  });
  await pull(phone.parts);
  expect((await phone.db.get("cases", "a"))?.messages).toHaveLength(1);
  expect(asked.at(-1)).toBe("/api/reports/a");
});

test("after a reset the replica is the new one, and everything of mine is still there", async () => {
  answers = [
    page("c1", {
      upserts: {
        report: [report("old")],
        me: [{ id: "me", grants: [] } as never],
      },
    }),
  ];
  await pull(phone.parts);
  await phone.db.put("cases", {
    id: "x",
    report: report("x"),
    messages: [],
    fetchedAt: 0,
  });
  await submitReport(phone.db, await draftWith(phone, 10));
  await draftWith(phone, 10);
  answers = [page("c2", { reset: true, upserts: { report: [report("new")] } })];
  await pull(phone.parts);
  expect(await ids("reports")).toEqual(["new"]);
  expect(await ids("cases")).toEqual(["x"]);
  expect(await phone.db.count("account")).toBe(1);
  expect(await phone.db.count("outbox")).toBe(1);
  expect(await phone.db.count("drafts")).toBe(1);
  expect(await phone.db.count("photos")).toBe(2);
});

test("a cursor of another database starts over", async () => {
  answers = [
    page("c1"),
    () => problem(422, "bad_cursor"),
    page("d1", { reset: true }),
  ];
  await pull(phone.parts);
  await pull(phone.parts);
  expect(asked).toEqual(["/api/sync", "/api/sync?cursor=c1", "/api/sync"]);
  expect(await getMeta(phone.db, "cursor")).toBe("d1");
});

test("a page that is not ours changes nothing", async () => {
  answers = [
    () => json(200, { cursor: "x" }),
    () =>
      new Response("<h1>Wi-Fi</h1>", {
        headers: { "content-type": "text/html" },
      }),
  ];
  await expect(pull(phone.parts)).rejects.toThrow("not_our_server");
  await expect(pull(phone.parts)).rejects.toThrow("not_our_server");
  expect(await getMeta(phone.db, "cursor")).toBeUndefined();
});

test("signed out elsewhere: the phone asks to sign in and keeps everything", async () => {
  await submitReport(phone.db, await draftWith(phone, 10));
  answers = [() => problem(401, "signed_out")];
  await expect(pull(phone.parts)).rejects.toMatchObject({ code: "signed_out" });
  expect(await getMeta(phone.db, "paused")).toBe("signed_out");
  expect(await phone.db.count("photos")).toBe(1);
  answers = [page("c1")];
  await pull(phone.parts);
  expect(await getMeta(phone.db, "paused")).toBeUndefined();
});

test("a sent report is shown by its entry until the replica has it", async () => {
  const entry = await submitReport(phone.db, await draftWith(phone));
  await drain(
    { ...phone.parts, client: new FakeServer().client },
    { source: "start" },
  );
  expect((await allEntries(phone.db)).map((one) => one.state)).toEqual([
    "done",
  ]);
  answers = [page("c1", { upserts: { report: [report(entry.id)] } })];
  await pull(phone.parts);
  expect(await allEntries(phone.db)).toEqual([]);
  expect(await ids("reports")).toEqual([entry.id]);
});
