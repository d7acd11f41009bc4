/** A phone for tests: a database of its own, a clock that stands still, photos of random bytes. */
import "fake-indexeddb/auto";
import type { Client } from "#lib/api/client.ts";
import { openDatabase, type Db } from "#lib/data/db.ts";
import type { DrainParts } from "#lib/data/drain.ts";
import type { Locks } from "#lib/data/locks.ts";
import type { PhotoRow, ReportDraft } from "#lib/data/rows.ts";
import { addPhoto, emptyReportDraft } from "#lib/data/drafts.ts";
import { sha256Hex } from "#lib/photo/sha256.ts";

export interface Phone {
  db: Db;
  parts: DrainParts;
  clock: { now: number };
}

export async function newPhone(client: Client): Promise<Phone> {
  const db = await openDatabase(`phone-${crypto.randomUUID()}`);
  const clock = { now: 1_000_000 };
  const locks = locksOf(`${db.name}-`);
  const parts = {
    db,
    client,
    locks,
    now: () => clock.now,
    random: () => 0.5,
    photosAllowed: async () => true,
  };
  return { db, parts, clock };
}

/** Locks are the whole process's: each phone gets names of its own. */
function locksOf(prefix: string): Locks {
  const request = (name: string, ...rest: unknown[]) =>
    (navigator.locks.request as (...all: unknown[]) => Promise<unknown>)(
      prefix + name,
      ...rest,
    );
  const query = async () => {
    const { held = [] } = await navigator.locks.query();
    const own = held.filter((lock) => lock.name?.startsWith(prefix));
    return {
      held: own.map((lock) => ({
        ...lock,
        name: (lock.name ?? "").slice(prefix.length),
      })),
    };
  };
  return { request: request as Locks["request"], query };
}

export async function makePhoto(size: number): Promise<PhotoRow> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536)
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return {
    id: crypto.randomUUID(),
    sha256: await sha256Hex(bytes.buffer),
    type: "image/jpeg",
    width: 10,
    height: 10,
    bytes: bytes.buffer,
    gps: null,
    original: false,
    createdAt: 0,
  };
}

/** A voice note of so many bytes. */
export async function makeVoice(size: number, seconds = 3): Promise<PhotoRow> {
  const row = await makePhoto(size);
  const voice = { seconds, silent: false };
  return { ...row, type: "audio/webm", width: 0, height: 0, voice };
}

/** A report ready to be submitted, with photos of the given sizes. */
export async function draftWith(
  phone: Phone,
  ...sizes: number[]
): Promise<ReportDraft> {
  const draft = {
    ...emptyReportDraft(),
    category_id: "light",
    description: "the lamp is out",
  };
  for (const size of sizes)
    await addPhoto(phone.db, draft, await makePhoto(size));
  return draft;
}
