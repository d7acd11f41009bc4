import { beforeEach, describe, expect, test } from "vitest";
import {
  addPhoto,
  discardDraft,
  DraftUnfinished,
  emptyMessageDraft,
  emptyReportDraft,
  messageDraftKey,
  removePhoto,
  saveDraft,
  sendMessage,
  submitReport,
  TooManyPhotos,
} from "#lib/data/drafts.ts";
import { drain } from "#lib/data/drain.ts";
import { allEntries, enqueue, PhotoMissing } from "#lib/data/outbox.ts";
import {
  discardRefused,
  lossOf,
  reviseRefused,
  takeBack,
} from "#lib/data/revise.ts";
import type { ReportDraft } from "#lib/data/rows.ts";
import { FakeServer } from "./fake-server.ts";
import { draftWith, makePhoto, newPhone, type Phone } from "./phone.ts";

let server: FakeServer;
let phone: Phone;

beforeEach(async () => {
  server = new FakeServer();
  phone = await newPhone(server.client);
});

const run = () => drain(phone.parts, { source: "person" });
const keptDraft = (id: string) => phone.db.get("drafts", id);

describe("writing", () => {
  test("a draft with its photos is there again after closing the app", async () => {
    const draft = await draftWith(phone, 10, 20);
    await saveDraft(phone.db, { ...draft, description: "half a sent" });
    const kept = await keptDraft(draft.id);
    expect(kept).toMatchObject({ kind: "report", description: "half a sent" });
    expect(kept?.photoIds).toHaveLength(2);
  });

  test("a screen that saves late does not lose the photo that came in between", async () => {
    const draft = emptyReportDraft();
    await saveDraft(phone.db, draft);
    await addPhoto(phone.db, draft, await makePhoto(10));
    await saveDraft(phone.db, { ...draft, description: "late" });
    expect((await keptDraft(draft.id))?.photoIds).toHaveLength(1);
  });

  test("a screen that saves after sending does not bring the draft back", async () => {
    const draft = await draftWith(phone);
    await submitReport(phone.db, draft);
    await saveDraft(phone.db, { ...draft, description: "late" });
    expect(await phone.db.count("drafts")).toBe(0);
  });

  test("the sixth photo is refused", async () => {
    const draft = await draftWith(phone, 1, 1, 1, 1, 1);
    await expect(
      addPhoto(phone.db, draft, await makePhoto(1)),
    ).rejects.toBeInstanceOf(TooManyPhotos);
    expect(await phone.db.count("photos")).toBe(5);
  });

  test("a photo that is taken out, and those of a discarded draft, leave the phone", async () => {
    const draft = await draftWith(phone, 1, 2);
    const [first] = (await keptDraft(draft.id))?.photoIds ?? [];
    await removePhoto(phone.db, draft.id, first ?? "");
    expect(await phone.db.count("photos")).toBe(1);
    await discardDraft(phone.db, draft.id);
    expect(await phone.db.count("photos")).toBe(0);
    expect(await phone.db.count("drafts")).toBe(0);
  });

  test("a report without a category is not sent, and stays a draft", async () => {
    const draft = { ...(await draftWith(phone, 1)), category_id: null };
    await expect(submitReport(phone.db, draft)).rejects.toBeInstanceOf(
      DraftUnfinished,
    );
    expect(await phone.db.count("drafts")).toBe(1);
    expect(await allEntries(phone.db)).toEqual([]);
  });

  test("a double tap sends one message", async () => {
    const draft = { ...emptyMessageDraft("r1", "message"), text: "hello" };
    const [a, b] = await Promise.all([
      sendMessage(phone.db, draft),
      sendMessage(phone.db, draft),
    ]);
    expect(a.id).toBe(b.id);
    expect(await allEntries(phone.db)).toHaveLength(1);
  });

  test("an entry whose photo is not on the phone is refused before it is queued", async () => {
    const entry = {
      kind: "message",
      reportId: "r1",
      payload: {},
      photoIds: ["gone"],
    } as const;
    await expect(
      enqueue(phone.db, { ...entry, photoIds: ["gone"] }),
    ).rejects.toBeInstanceOf(PhotoMissing);
    expect(await allEntries(phone.db)).toEqual([]);
  });
});

describe("what the server refused", () => {
  beforeEach(() => {
    server.refuses = (content) =>
      JSON.stringify(content).includes("BAD")
        ? { status: 422, code: "refused" }
        : null;
  });

  async function refusedReport(): Promise<string> {
    const draft = await draftWith(phone, 10);
    const { id } = await submitReport(phone.db, {
      ...draft,
      description: "BAD",
    });
    await sendMessage(phone.db, {
      ...emptyMessageDraft(id, "message"),
      text: "hurry",
    });
    await saveDraft(phone.db, {
      ...emptyMessageDraft(id, "message"),
      text: "and ano",
    });
    await run();
    return id;
  }

  test("comes back as a draft with everything typed and the reason, and is sent under a new id", async () => {
    const id = await refusedReport();
    const draft = (await reviseRefused(phone.db, id)) as ReportDraft;
    expect(draft).toMatchObject({
      description: "BAD",
      revises: id,
      problem: { code: "refused" },
    });
    expect(draft.id).not.toBe(id);
    expect(draft.photoIds).toHaveLength(1);
    expect((await allEntries(phone.db))[0]?.state).toBe("needs_person");
    await submitReport(phone.db, { ...draft, description: "good" });
    await run();
    const [, message] = await allEntries(phone.db);
    expect(server.thread(draft.id)).toEqual([draft.id, message?.id]);
    expect(server.stored.size).toBe(1);
    expect(await phone.db.count("photos")).toBe(0);
  });

  test("what was being written to it follows to the new id", async () => {
    const id = await refusedReport();
    const draft = (await reviseRefused(phone.db, id)) as ReportDraft;
    await submitReport(phone.db, { ...draft, description: "good" });
    expect(await keptDraft(messageDraftKey(id, "message"))).toBeUndefined();
    expect(await keptDraft(messageDraftKey(draft.id, "message"))).toMatchObject(
      {
        text: "and ano",
        reportId: draft.id,
      },
    );
  });

  test("opened twice for correction, it is one draft", async () => {
    const id = await refusedReport();
    const first = await reviseRefused(phone.db, id);
    expect(await reviseRefused(phone.db, id)).toEqual(first);
    expect(
      (await phone.db.getAll("drafts")).filter(
        (draft) => draft.kind === "report",
      ),
    ).toHaveLength(1);
  });

  test("a correction that is thrown away leaves the refused entry and its photo", async () => {
    const id = await refusedReport();
    const draft = await reviseRefused(phone.db, id);
    await discardDraft(phone.db, draft?.id ?? "");
    expect((await allEntries(phone.db))[0]).toMatchObject({
      id,
      state: "needs_person",
    });
    expect(await phone.db.count("photos")).toBe(1);
  });

  test("letting it go says first what goes with it", async () => {
    const id = await refusedReport();
    expect(await lossOf(phone.db, id)).toEqual({
      entries: 2,
      photos: 1,
      voices: 0,
      received: false,
    });
    await discardRefused(phone.db, id);
    expect(await allEntries(phone.db)).toEqual([]);
    expect(await phone.db.count("photos")).toBe(0);
  });

  test("nothing but a refused entry can be let go", async () => {
    const { id } = await submitReport(phone.db, await draftWith(phone));
    await discardRefused(phone.db, id);
    expect(await allEntries(phone.db)).toHaveLength(1);
  });

  test("a refused message comes back into its composer, before what is being written now", async () => {
    const report = await submitReport(phone.db, await draftWith(phone));
    const message = {
      ...emptyMessageDraft(report.id, "message"),
      text: "BAD word",
    };
    await addPhoto(phone.db, message, await makePhoto(10));
    await sendMessage(phone.db, message);
    await run();
    await saveDraft(phone.db, {
      ...emptyMessageDraft(report.id, "message"),
      text: "meanwhile",
    });
    const [, refused] = await allEntries(phone.db);
    const draft = await reviseRefused(phone.db, refused?.id ?? "");
    expect(draft).toMatchObject({
      text: "BAD word\n\nmeanwhile",
      reportId: report.id,
    });
    if (draft?.kind !== "message") throw new Error("no composer");
    await sendMessage(phone.db, { ...draft, text: "good word" });
    await run();
    expect(server.thread(report.id)).toHaveLength(2);
    expect(server.stored.size).toBe(1);
  });

  test("a photo refused after the report was received can only be given up", async () => {
    const report = await submitReport(phone.db, await draftWith(phone, 10));
    await phone.db.clear("photos");
    await run();
    expect(await reviseRefused(phone.db, report.id)).toBeNull();
    expect(await lossOf(phone.db, report.id)).toEqual({
      entries: 1,
      photos: 1,
      voices: 0,
      received: true,
    });
    await discardRefused(phone.db, report.id);
    expect((await allEntries(phone.db)).map((entry) => entry.state)).toEqual([
      "done",
    ]);
  });
});

describe("taking back", () => {
  test("a report that never left the phone is a draft again", async () => {
    const { id } = await submitReport(phone.db, await draftWith(phone, 10));
    expect(await takeBack(phone.db, id)).toBe(true);
    expect(await allEntries(phone.db)).toEqual([]);
    expect(await keptDraft(id)).toMatchObject({
      description: "the lamp is out",
    });
    expect(await phone.db.count("photos")).toBe(1);
  });

  test("one that may have arrived is not", async () => {
    const { id } = await submitReport(phone.db, await draftWith(phone, 10));
    server.faults = ["drop_after"];
    await drain(phone.parts, { source: "timer" });
    expect(await takeBack(phone.db, id)).toBe(false);
    expect(await allEntries(phone.db)).toHaveLength(1);
  });
});
