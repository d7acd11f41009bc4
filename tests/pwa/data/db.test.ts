import "fake-indexeddb/auto";
import { afterEach, expect, test, vi } from "vitest";
import {
  AppOutdated,
  openDatabase,
  steps,
  StorageFull,
  type Db,
  type MigrationStep,
  writeStrict,
} from "#lib/data/db.ts";
import { makePhoto } from "./phone.ts";
import {
  addPhoto,
  emptyReportDraft,
  saveDraft,
  submitReport,
} from "#lib/data/drafts.ts";

afterEach(() => vi.restoreAllMocks());

/** A step as a later version might bring it: the replica is dropped, to be pulled in a new shape. */
const replicaAnew: MigrationStep = async (db, tx) => {
  db.deleteObjectStore("reports");
  db.createObjectStore("reports", { keyPath: "id" });
  await tx.objectStore("meta").delete("cursor");
};
const allSteps = [...steps, replicaAnew];

async function fill(db: Db): Promise<{ photo: Uint8Array; stores: string[] }> {
  const photo = await makePhoto(50_000);
  const sent = { ...emptyReportDraft(), category_id: "light" };
  await addPhoto(db, sent, photo);
  await submitReport(db, sent);
  const draft = emptyReportDraft();
  await addPhoto(db, draft, await makePhoto(10));
  await saveDraft(db, { ...draft, description: "half a sentence" });
  await db.put("reports", { id: "r1" } as never);
  await db.put("meta", "cursor-1", "cursor");
  return {
    photo: new Uint8Array(photo.bytes),
    stores: [...db.objectStoreNames],
  };
}

test.each(allSteps.map((_, at) => at).slice(1))(
  "an update from version %i keeps drafts, the outbox and photos byte for byte",
  async (version) => {
    const name = `from-${version}`;
    const old = await openDatabase(name, { steps: allSteps.slice(0, version) });
    const { photo } = await fill(old);
    const before = {
      outbox: await old.getAll("outbox"),
      drafts: await old.getAll("drafts"),
      uploads: await old.getAll("uploads"),
    };
    old.close();
    const db = await openDatabase(name, { steps: allSteps });
    expect(await db.getAll("outbox")).toEqual(before.outbox);
    expect(await db.getAll("drafts")).toEqual(before.drafts);
    expect(await db.getAll("uploads")).toEqual(before.uploads);
    const [entry] = before.outbox;
    const kept = await db.get("photos", entry?.photoIds[0] ?? "");
    expect(new Uint8Array(kept?.bytes ?? new ArrayBuffer())).toEqual(photo);
    expect(await db.count("photos")).toBe(2);
    expect(await db.get("meta", "cursor")).toBeUndefined();
    db.close();
  },
);

test("a tab of the old version steps aside for the new one", async () => {
  let lost = false;
  const old = await openDatabase("two-tabs", {
    steps,
    onLost: () => (lost = true),
  });
  const db = await openDatabase("two-tabs", { steps: allSteps });
  expect(lost).toBe(true);
  expect(() => old.transaction("outbox")).toThrow();
  db.close();
});

test("an old page is told that it is old, and breaks nothing", async () => {
  (await openDatabase("newer", { steps: allSteps })).close();
  await expect(openDatabase("newer", { steps })).rejects.toBeInstanceOf(
    AppOutdated,
  );
});

test("what is queued is on the disk before it is called saved", async () => {
  const db = await openDatabase("strict");
  const begin = vi.spyOn(IDBDatabase.prototype, "transaction");
  await submitReport(db, { ...emptyReportDraft(), category_id: "light" });
  expect(begin.mock.calls.map(([, , options]) => options)).toContainEqual({
    durability: "strict",
  });
});

test("a full phone is a typed error, and nothing is half written", async () => {
  const db = await openDatabase("full");
  const { put } = IDBObjectStore.prototype;
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
    this: IDBObjectStore,
    value,
    key,
  ) {
    if (this.name === "photos")
      throw new DOMException("no room", "QuotaExceededError");
    return put.call(this, value, key);
  });
  const draft = emptyReportDraft();
  await expect(addPhoto(db, draft, await makePhoto(10))).rejects.toBeInstanceOf(
    StorageFull,
  );
  expect(await db.count("drafts")).toBe(0);
  expect(await db.count("photos")).toBe(0);
});

test("a page put aside for 'back' keeps nobody waiting, and comes back to a new connection", async () => {
  const events = new EventTarget();
  vi.stubGlobal("addEventListener", events.addEventListener.bind(events));
  vi.stubGlobal("removeEventListener", events.removeEventListener.bind(events));
  const name = `aside-${crypto.randomUUID()}`;
  let lost = 0;
  const aside = await openDatabase(name, { onLost: () => lost++ });
  const unfinished = writeStrict(aside, ["meta"], async (tx) => {
    for (;;) await tx.objectStore("meta").get("order");
  });
  const ended = expect(unfinished).rejects.toMatchObject({
    name: "AbortError",
  });
  events.dispatchEvent(new Event("pagehide"));
  expect(lost).toBe(0);
  events.dispatchEvent(
    Object.assign(new Event("pagehide"), { persisted: true }),
  );
  await ended;
  expect(lost).toBe(1);
  const next = await openDatabase(name);
  await next.put("meta", 7, "order");
  expect(await next.get("meta", "order")).toBe(7);
  vi.unstubAllGlobals();
});
