import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test, vi } from "vitest";
import type { MessageOut, ReportOut } from "#lib/api/types.ts";
import { drain } from "#lib/data/drain.ts";
import { FakeServer } from "../data/fake-server.ts";
import { makePhoto } from "../data/phone.ts";

type Data = typeof import("#lib/data/db.ts") &
  typeof import("#lib/data/drafts.ts") &
  typeof import("#lib/data/outbox.ts");
let state: typeof import("#lib/state/index.ts");
let data: Data;

beforeEach(async () => {
  // A phone that has never been used: the modules keep one connection for the page.
  vi.resetModules();
  globalThis.indexedDB = new IDBFactory();
  state = await import("#lib/state/index.ts");
  data = {
    ...(await import("#lib/data/db.ts")),
    ...(await import("#lib/data/drafts.ts")),
    ...(await import("#lib/data/outbox.ts")),
  };
});

const report = (id: string, more: Partial<ReportOut> = {}): ReportOut => ({
  id,
  code: "K7P-2QF-9",
  account_id: "alice",
  reporter_name: null,
  mine: true,
  neighbourhood_id: "n1",
  neighbourhood_name: "Khu phố 1",
  category_id: "light",
  department_id: null,
  department_names: null,
  category_names: { vi: "Đèn", fa: "چراغ", en: "Light" },
  category_icon: "lamp",
  category_colour: "#fc0",
  state: "submitted",
  description: "the lamp is out",
  address: "",
  lat: 10,
  lon: 106,
  accuracy_m: 8,
  located_by: "gps",
  outside: false,
  urgent: false,
  private: false,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  accept_due_at: "2026-01-02T00:00:00Z",
  solve_due_at: "2026-01-03T00:00:00Z",
  awaiting_since: null,
  clock_paused: false,
  nudge: null,
  disputes: 0,
  stars: null,
  ratable: false,
  answers: [],
  moderation: "new",
  hidden_reason: null,
  verified_at: null,
  decisions: [],
  on_behalf: null,
  followers: 0,
  followed: false,
  reporter_language: "vi",
  handovers: 0,
  ping_pong: false,
  parts: [],
  passable: false,
  accepted_at: null,
  resolved_at: null,
  closed_at: null,
  reason: null,
  merged_into: null,
  appealed: false,
  photos: [],
  voice: null,
  last_seq: 3,
  my_read_seq: 1,
  seen_by_department_seq: 0,
  seen_by_reporter_seq: 1,
  moves: [
    {
      to: "withdrawn",
      needs_text: false,
      needs_reason: false,
      needs_photo: false,
    },
  ],
  ...more,
});

const message = (id: string, seq: number): MessageOut => ({
  id,
  report_id: "r1",
  seq,
  side: "department",
  author_name: null,
  mine: false,
  kind: "message",
  text: id,
  event: null,
  question: false,
  created_at: "2026-01-01T00:00:00Z",
  photos: [],
  voice: null,
});

test("a report that is only on this phone stands on top of mine, with its true state", async () => {
  const db = await data.database();
  await db.put("reports", report("r1"));
  const draft = {
    ...data.emptyReportDraft(),
    category_id: "light",
    description: "dark",
  };
  await data.addPhoto(db, draft, await makePhoto(10));
  const { id } = await data.submitReport(db, draft);
  const [queued, known] = await state.reports.mine().once();
  expect(queued).toMatchObject({
    id,
    code: null,
    state: "queued",
    editable: true,
    waiting: 1,
  });
  expect(queued?.delivery).toMatchObject({
    state: "queued",
    photosTotal: 1,
    photosSent: 0,
  });
  expect(queued?.photos[0]?.thumb).toMatch(/^blob:/);
  expect(known).toMatchObject({
    id: "r1",
    state: "submitted",
    delivery: null,
    unread: 2,
    waiting: 0,
  });
  expect(await state.reports.get(id).once()).toEqual(queued);
});

test("a received report whose photos are on their way says both", async () => {
  const db = await data.database();
  const draft = { ...data.emptyReportDraft(), category_id: "light" };
  await data.addPhoto(db, draft, await makePhoto(100_000));
  const { id } = await data.submitReport(db, draft);
  const server = new FakeServer();
  server.faults = ["ok", "ok", "ok", "drop_before"];
  const parts = {
    db,
    client: server.client,
    locks: navigator.locks,
    now: Date.now,
    random: Math.random,
  };
  await drain(
    { ...parts, photosAllowed: async () => true },
    { source: "timer" },
  );
  const view = await state.reports.get(id).once();
  expect(view).toMatchObject({ state: "submitted", code: "K7P-2QF-9" });
  expect(view?.delivery).toMatchObject({
    receivedAt: "2026-01-01T00:00:00Z",
    bytesSent: 65_536,
    photosSent: 0,
  });
  expect(view?.photos[0]?.progress).toBeCloseTo(0.655, 2);
});

test("what I did offline shows at once: a move, an edit, what I have read", async () => {
  const db = await data.database();
  await db.put("reports", report("r1"));
  await state.editReport("r1", { description: "two lamps are out" });
  await state.markRead("r1", 3);
  expect(await state.reports.get("r1").once()).toMatchObject({
    description: "two lamps are out",
    unread: 0,
    wanted: null,
    waiting: 1,
  });
  expect(await state.withdrawReport("r1")).toBe("withdrawn");
  expect(await state.reports.get("r1").once()).toMatchObject({
    wanted: "withdrawn",
    moves: [],
    state: "submitted",
  });
});

test("the thread is in the server’s order, then what I have not sent yet", async () => {
  const db = await data.database();
  await db.put("messages", message("b", 2));
  await db.put("messages", message("a", 1));
  await db.put("messages", { ...message("x", 1), report_id: "other" });
  await data.sendMessage(db, {
    ...data.emptyMessageDraft("r1", "message"),
    text: "mine",
  });
  await state.moveReport("r1", { to: "closed" });
  const items = await state.thread("r1").once();
  expect(items.map((item) => [item.seq, item.kind, item.text])).toEqual([
    [1, "message", "a"],
    [2, "message", "b"],
    [null, "message", "mine"],
    [null, "event", ""],
  ]);
  expect(items[2]).toMatchObject({ mine: true, delivery: { state: "queued" } });
  expect(items[3]?.event).toMatchObject({ type: "moved", to: "closed" });
});

test("a case opened at the desk is shown like any other, and an answer to it waits in it", async () => {
  const db = await data.database();
  const opened = report("r1", { mine: false, reporter_name: "Alice" });
  await db.put("cases", {
    id: "r1",
    report: opened,
    messages: [message("a", 1)],
    fetchedAt: 0,
  });
  await data.sendMessage(db, {
    ...data.emptyMessageDraft("r1", "message"),
    text: "we come",
  });
  expect(await state.reports.get("r1").once()).toMatchObject({
    reporterName: "Alice",
    mine: false,
    waiting: 1,
  });
  expect((await state.thread("r1").once()).map((item) => item.text)).toEqual([
    "a",
    "we come",
  ]);
  expect(await state.reports.mine().once()).toEqual([]);
});

test("a head sees the neighbourhood, not only what is theirs", async () => {
  const db = await data.database();
  const head = { role: "head", scope_id: "n1", scope_name: "Khu phố 1" };
  await db.put("account", { id: "bang", grants: [head] } as never, "me");
  await db.put(
    "reports",
    report("r1", { mine: false, created_at: "2026-01-01T00:00:00Z" }),
  );
  await db.put(
    "reports",
    report("r2", { mine: false, created_at: "2026-01-02T00:00:00Z" }),
  );
  await db.put("reports", report("r3", { mine: true, neighbourhood_id: "n2" }));
  expect(
    (await state.reports.inMyArea().once()).map((view) => view.id),
  ).toEqual(["r2", "r1"]);
  expect((await state.reports.mine().once()).map((view) => view.id)).toEqual([
    "r3",
  ]);
});

test("a notification read offline counts as read", async () => {
  const db = await data.database();
  const row = {
    kind: "message",
    report_id: "r1",
    message_id: null,
    detail: null,
    urgent: false,
    read_at: null,
  } as const;
  await db.put("notifications", {
    ...row,
    id: "n1",
    created_at: "2026-01-01T00:00:00Z",
  });
  await db.put("notifications", {
    ...row,
    id: "n2",
    created_at: "2026-01-02T00:00:00Z",
  });
  await state.markNotificationsRead(["n1"]);
  const inbox = await state.notifications.once();
  expect(inbox.items.map((item) => [item.id, item.read_at !== null])).toEqual([
    ["n2", false],
    ["n1", true],
  ]);
  expect(inbox.unread).toBe(1);
});

test("a composer keeps what is typed, and begins anew after sending", async () => {
  const composer = await state.Composer.open("r1");
  composer.set({ text: "on my way" });
  await composer.flush();
  expect((await state.Composer.open("r1")).draft.text).toBe("on my way");
  await composer.send();
  expect(composer.draft.text).toBe("");
  composer.set({ text: "next" });
  await composer.flush();
  await composer.send();
  expect((await state.thread("r1").once()).map((item) => item.text)).toEqual([
    "on my way",
    "next",
  ]);
});

test("my changed name shows before the server knows it", async () => {
  const db = await data.database();
  await db.put(
    "account",
    { id: "alice", name: "Alice", grants: [] } as never,
    "me",
  );
  await state.session.change({ name: "Alice Nguyễn" });
  expect((await state.session.once()).me?.name).toBe("Alice Nguyễn");
});
