import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  endSession,
  join,
  settleIn,
  signOut,
  unsentWork,
} from "#lib/data/account.ts";
import { getMeta } from "#lib/data/db.ts";
import { submitReport } from "#lib/data/drafts.ts";
import { allEntries } from "#lib/data/outbox.ts";
import type { MeOut } from "#lib/api/types.ts";
import { FakeServer, json, problem } from "./fake-server.ts";
import { draftWith, newPhone, type Phone } from "./phone.ts";

let phone: Phone;

const person = (id: string): MeOut => ({
  id,
  name: id,
  language: "vi",
  neighbourhood_id: null,
  ward_id: null,
  session_id: `session-of-${id}`,
  guest: false,
  phone: null,
  grants: [],
  consent_version: 1,
  country: "VN",
});
const input = {
  code: "abcd-efgh-jkmn-pqrs",
  name: "Alice",
  language: "vi",
  consent_version: 1,
  label: "phone",
} as const;

beforeEach(async () => {
  phone = await newPhone(new FakeServer().client);
});
afterEach(() => vi.unstubAllGlobals());

test("a lost answer to an invitation is asked for again under the same session", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    if (asked.length === 1) throw new TypeError("fetch failed");
    return json(200, person("alice"));
  });
  await expect(join(phone.db, input)).rejects.toMatchObject({
    reason: "network",
  });
  const me = await join(phone.db, { ...input, code: "ABCDEFGHJKMNPQRS" });
  expect(me.id).toBe("alice");
  expect(asked[0]).toBe(asked[1]);
  expect(await phone.db.get("account", "me")).toMatchObject({ id: "alice" });
  expect(await getMeta(phone.db, "joining")).toBeUndefined();
});

test("signing in again as the same person goes on with what waits", async () => {
  await settleIn(phone.db, person("alice"));
  await submitReport(phone.db, await draftWith(phone, 10));
  await settleIn(phone.db, person("alice"));
  expect(await allEntries(phone.db)).toHaveLength(1);
  expect(await phone.db.count("photos")).toBe(1);
});

test("another person on the same phone neither sees nor sends what is not theirs, and nothing is lost", async () => {
  await settleIn(phone.db, person("alice"));
  const entry = await submitReport(phone.db, await draftWith(phone, 10));
  await draftWith(phone, 20);
  await phone.db.put("reports", { id: "r1" } as never);
  await phone.db.put("meta", "c1", "cursor");
  await settleIn(phone.db, person("dariush"));
  for (const store of [
    "outbox",
    "drafts",
    "photos",
    "uploads",
    "reports",
  ] as const) {
    expect(await phone.db.count(store)).toBe(0);
  }
  expect(await getMeta(phone.db, "cursor")).toBeUndefined();
  await settleIn(phone.db, person("alice"));
  expect(await allEntries(phone.db)).toEqual([entry]);
  expect(await phone.db.count("photos")).toBe(2);
  expect(await phone.db.count("drafts")).toBe(1);
  expect(await phone.db.count("set_aside")).toBe(0);
});

test("before signing out it can be said what would be lost", async () => {
  await settleIn(phone.db, person("alice"));
  await submitReport(phone.db, await draftWith(phone, 10));
  await draftWith(phone, 10);
  expect(await unsentWork(phone.db)).toEqual({ entries: 1, drafts: 1 });
});

test("signing out without a network wipes the phone at once and ends the session later", async () => {
  await settleIn(phone.db, person("alice"));
  await draftWith(phone, 10);
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
  await signOut(phone.db);
  for (const store of ["account", "drafts", "photos"] as const)
    expect(await phone.db.count(store)).toBe(0);
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    return problem(401, "signed_out");
  });
  await endSession(phone.db);
  await endSession(phone.db);
  expect(asked).toEqual(["/api/me/sessions/session-of-alice"]);
});
