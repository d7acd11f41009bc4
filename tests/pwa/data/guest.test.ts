import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { GuestWard, MeOut } from "#lib/api/types.ts";
import { settleIn } from "#lib/data/account.ts";
import { getMeta, setMeta } from "#lib/data/db.ts";
import { drain } from "#lib/data/drain.ts";
import { submitReport } from "#lib/data/drafts.ts";
import {
  beginAsGuest,
  newTrackingCode,
  openCode,
  trackingCodeIn,
} from "#lib/data/guest.ts";
import { allEntries } from "#lib/data/outbox.ts";
import { makeClient } from "#lib/api/client.ts";
import { FakeServer, json, problem } from "./fake-server.ts";
import { draftWith, newPhone, type Phone } from "./phone.ts";

const ward: GuestWard = {
  id: "ward",
  name: "Phường 1",
  city_name: "TP.HCM",
  country: "VN",
};

const guestOf = (id: string): MeOut => ({
  id,
  name: "",
  language: "vi",
  neighbourhood_id: null,
  ward_id: "ward",
  country: "VN",
  session_id: `session-of-${id}`,
  consent_version: 1,
  guest: true,
  phone: null,
  grants: [],
});
const member: MeOut = { ...guestOf("hoa"), name: "Hoa", guest: false };

let server: FakeServer;
let phone: Phone;
/** What the server says to a code. */
let entrance: () => Response;
let codes: string[];

beforeEach(async () => {
  server = new FakeServer();
  codes = [];
  entrance = () => json(201, guestOf("guest"));
  const client = makeClient({
    language: () => "vi",
    fetch: async (path, init) => {
      if (!String(path).startsWith("/api/guests/")) {
        return server.fetch(path, init);
      }
      codes.push((JSON.parse(String(init?.body)) as { code: string }).code);
      return entrance();
    },
  });
  phone = await newPhone(client);
  await setMeta(phone.db, "guestCatalogue", {
    wardId: "ward",
    area: [],
    category: [],
    department: [],
  });
});
afterEach(() => vi.unstubAllGlobals());

const begin = () => beginAsGuest(phone.db, ward, "vi", 1);
const run = () => drain(phone.parts, { source: "person" });

test("a code has 60 bits and is read however somebody writes it", () => {
  const code = newTrackingCode();
  expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{12}$/);
  expect(newTrackingCode()).not.toBe(code);
  expect(trackingCodeIn("https://x.example/track#0123456789ab")).toBe(
    "0123456789AB",
  );
  expect(trackingCodeIn(" o1l3-4567 89aU ")).toBe("0113456789AV");
  for (const text of ["", "0123456789A", "0123456789ABC", "ĐÈN HỎNG QUÁ"]) {
    expect(trackingCodeIn(text)).toBe("");
  }
});

test("without what can be reported nobody begins", async () => {
  await setMeta(phone.db, "guestCatalogue", null);
  expect(await begin()).toBe(false);
  expect(await phone.db.count("account")).toBe(0);
});

test("the server hears of a guest with the first report, and not before", async () => {
  expect(await begin()).toBe(true);
  await run();
  expect(codes).toEqual([]);
  const entry = await submitReport(phone.db, await draftWith(phone, 10));
  await run();
  const pass = await getMeta(phone.db, "guest");
  expect(codes).toEqual([pass?.code]);
  expect(pass?.arrived).toBe(true);
  expect(server.thread(entry.id)).toEqual([entry.id]);
  expect(await phone.db.get("account", "me")).toMatchObject({ id: "guest" });
});

test("a lost answer to the code costs nothing: the same code again", async () => {
  await begin();
  const entry = await submitReport(phone.db, await draftWith(phone));
  entrance = () => {
    throw new TypeError("fetch failed");
  };
  expect((await run()).outcome).toBe("offline");
  expect((await allEntries(phone.db))[0]).toMatchObject({ state: "queued" });
  entrance = () => json(200, guestOf("guest"));
  await run();
  expect(new Set(codes).size).toBe(1);
  expect(server.thread(entry.id)).toEqual([entry.id]);
});

test("a ward that stopped says so, and who joins sends it without doing anything", async () => {
  await begin();
  const entry = await submitReport(phone.db, await draftWith(phone, 10));
  entrance = () => problem(403, "guests_not_taken");
  await run();
  const [refused] = await allEntries(phone.db);
  expect(refused).toMatchObject({
    state: "needs_person",
    lastError: { code: "guests_not_taken" },
  });
  expect(await phone.db.count("photos")).toBe(1);
  await settleIn(phone.db, member, true);
  expect(await getMeta(phone.db, "guest")).toBeUndefined();
  await run();
  expect(server.thread(entry.id)).toEqual([entry.id]);
  expect(await phone.db.count("photos")).toBe(0);
});

test("too many at once wait as long as they are asked to", async () => {
  await begin();
  await submitReport(phone.db, await draftWith(phone));
  entrance = () => {
    const busy = problem(429, "quota_exceeded");
    busy.headers.set("retry-after", "600");
    return busy;
  };
  await run();
  const [entry] = await allEntries(phone.db);
  expect(entry?.state).toBe("queued");
  expect(entry?.nextAttemptAt).toBeGreaterThanOrEqual(
    phone.clock.now + 600_000,
  );
});

test("a session that ended is begun anew with the code, and nobody is asked", async () => {
  await begin();
  await submitReport(phone.db, await draftWith(phone));
  await run();
  const second = await submitReport(phone.db, await draftWith(phone));
  server.faults = ["signed_out"];
  await run();
  expect(await getMeta(phone.db, "paused")).toBeUndefined();
  phone.clock.now += 60_000;
  await run();
  expect(codes).toHaveLength(2);
  expect(server.thread(second.id)).toEqual([second.id]);
});

test("who does not take it along leaves nothing of it to the new account", async () => {
  await begin();
  await submitReport(phone.db, await draftWith(phone, 10));
  await settleIn(phone.db, member);
  expect(await phone.db.count("outbox")).toBe(0);
  expect(await phone.db.count("set_aside")).toBe(1);
});

test("a code typed on another phone makes it the guest's", async () => {
  vi.stubGlobal("fetch", async () => json(200, guestOf("guest")));
  await openCode(phone.db, "0123456789AB", "vi");
  expect(await getMeta(phone.db, "guest")).toMatchObject({
    code: "0123456789AB",
    arrived: true,
  });
  expect(await phone.db.get("account", "me")).toMatchObject({ guest: true });
});
