import { beforeEach, describe, expect, test } from "vitest";
import {
  addPhoto,
  emptyMessageDraft,
  emptyReportDraft,
  keepVoice,
  removePhoto,
  saveDraft,
  sendMessage,
  submitReport,
} from "#lib/data/drafts.ts";
import { drain } from "#lib/data/drain.ts";
import { allEntries } from "#lib/data/outbox.ts";
import { lossOf, reviseRefused } from "#lib/data/revise.ts";
import type { ReportDraft } from "#lib/data/rows.ts";
import { FakeServer } from "./fake-server.ts";
import {
  draftWith,
  makePhoto,
  makeVoice,
  newPhone,
  type Phone,
} from "./phone.ts";

let server: FakeServer;
let phone: Phone;

beforeEach(async () => {
  server = new FakeServer();
  phone = await newPhone(server.client);
});

const run = () => drain(phone.parts, { source: "person" });
const kept = (id: string) => phone.db.get("drafts", id);

async function spokenReport(...photos: number[]): Promise<ReportDraft> {
  const draft = await draftWith(phone, ...photos);
  await keepVoice(phone.db, draft, await makeVoice(150_000));
  return draft;
}

describe("recording", () => {
  test("what was said until a crash is the draft's, and grows under one id", async () => {
    const draft = emptyReportDraft();
    const voice = await makeVoice(1000, 1);
    await keepVoice(phone.db, draft, voice);
    const longer = { ...(await makeVoice(2000, 2)), id: voice.id };
    await keepVoice(phone.db, draft, longer);
    expect(await kept(draft.id)).toMatchObject({
      voiceId: voice.id,
      photoIds: [voice.id],
    });
    expect(await phone.db.count("photos")).toBe(1);
    expect((await phone.db.get("photos", voice.id))?.voice?.seconds).toBe(2);
  });

  test("it goes before the photos, takes no photo's place, and survives a late save", async () => {
    const draft = await draftWith(phone, 10, 10, 10, 10);
    await keepVoice(phone.db, draft, await makeVoice(100));
    await addPhoto(phone.db, draft, await makePhoto(10));
    await saveDraft(phone.db, { ...draft, description: "late" });
    const now = await kept(draft.id);
    expect(now?.photoIds).toHaveLength(6);
    expect(now?.photoIds[0]).toBe(now?.voiceId);
  });

  test("another one takes its place; deleted, it leaves the phone", async () => {
    const draft = await draftWith(phone, 10);
    await keepVoice(phone.db, draft, await makeVoice(100));
    const second = await makeVoice(100);
    await keepVoice(phone.db, draft, second);
    expect((await kept(draft.id))?.voiceId).toBe(second.id);
    expect(await phone.db.count("photos")).toBe(2);
    await removePhoto(phone.db, draft.id, second.id);
    expect(await kept(draft.id)).toMatchObject({ voiceId: null });
    expect((await kept(draft.id))?.photoIds).toHaveLength(1);
    expect(await phone.db.count("photos")).toBe(1);
  });

  test("the last second, kept after sending, brings no draft back", async () => {
    const draft = await spokenReport();
    await submitReport(phone.db, draft);
    await keepVoice(phone.db, draft, await makeVoice(100));
    expect(await phone.db.count("drafts")).toBe(0);
  });
});

describe("sending", () => {
  test("it is named apart from the photos, and leaves the phone when its receipt is true", async () => {
    await submitReport(phone.db, await spokenReport(10));
    await run();
    const [row] = server.rows;
    const body = JSON.parse(row?.content ?? "") as {
      photos: { sha256: string; seconds?: number }[];
      voice: { sha256: string; seconds: number; type: string; bytes: number };
    };
    expect(body.photos).toHaveLength(1);
    expect(body.photos[0]?.seconds).toBeUndefined();
    expect(body.voice).toMatchObject({
      type: "audio/webm",
      seconds: 3,
      bytes: 150_000,
    });
    expect(server.stored.has(body.voice.sha256)).toBe(true);
    expect(await phone.db.count("photos")).toBe(0);
    expect((await allEntries(phone.db))[0]?.state).toBe("done");
  });

  test("a message may be nothing but a voice note", async () => {
    await submitReport(phone.db, await draftWith(phone));
    const [report] = await allEntries(phone.db);
    const draft = emptyMessageDraft(report?.id ?? "", "message");
    await keepVoice(phone.db, draft, await makeVoice(1000));
    await sendMessage(phone.db, draft);
    await run();
    expect(server.rows).toHaveLength(2);
    expect(await phone.db.count("photos")).toBe(0);
  });

  test("a receipt that does not speak of it is none", async () => {
    await submitReport(phone.db, await spokenReport());
    server.deaf = true;
    await run();
    expect(await phone.db.count("photos")).toBe(1);
  });
});

describe("a refused one", () => {
  test("is a draft again with its voice; what would be lost is counted", async () => {
    server.refuses = () => ({ status: 422, code: "voice_too_long" });
    await submitReport(phone.db, await spokenReport(10));
    await run();
    const [entry] = await allEntries(phone.db);
    expect(entry?.state).toBe("needs_person");
    expect(await lossOf(phone.db, entry?.id ?? "")).toMatchObject({
      photos: 1,
      voices: 1,
    });
    const draft = await reviseRefused(phone.db, entry?.id ?? "");
    expect(draft?.voiceId).toBe(entry?.photoIds[0]);
  });
});
