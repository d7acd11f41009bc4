/** I1, I2, I4 under any order of deeds, faults, crashes and tabs: found by machine, kept when found. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { drain, type DrainSource } from "#lib/data/drain.ts";
import {
  emptyMessageDraft,
  saveDraft,
  sendMessage,
  submitReport,
} from "#lib/data/drafts.ts";
import { allEntries, enqueue } from "#lib/data/outbox.ts";
import { discardRefused, reviseRefused } from "#lib/data/revise.ts";
import type { OutboxEntry } from "#lib/data/rows.ts";
import { Problem, Unreachable } from "#lib/api/client.ts";
import { FakeServer, type Fault } from "./fake-server.ts";
import { draftWith, makePhoto, newPhone, type Phone } from "./phone.ts";
import { addPhoto } from "#lib/data/drafts.ts";

/** Content the server refuses until the person changes it. */
const refusedWord = "REFUSE";

class World {
  readonly server = new FakeServer();
  /** Every photo ever queued: sha → still to be accounted for. */
  readonly photos = new Set<string>();
  /** Ids that were queued for good, in order, by thread (`key` is the present id of its report). */
  readonly threads: { report: string; ids: string[] }[] = [];
  private constructor(readonly phone: Phone) {}

  static async begin(): Promise<World> {
    const world = new World(null as never);
    Object.assign(world, { phone: await newPhone(world.server.client) });
    world.server.refuses = (content) =>
      JSON.stringify(content).includes(refusedWord)
        ? { status: 422, code: "refused" }
        : null;
    return world;
  }

  /** One of those that have a screen: a report that was let go has none. */
  private thread(which: number): { report: string; ids: string[] } | undefined {
    const open = this.threads.filter((thread) =>
      thread.ids.includes(thread.report),
    );
    return open[which % Math.max(1, open.length)];
  }

  async report(sizes: readonly number[], refused: boolean): Promise<void> {
    const draft = await draftWith(this.phone, ...sizes);
    if (refused) draft.description = refusedWord;
    const entry = await submitReport(this.phone.db, draft);
    // A double tap.
    await submitReport(this.phone.db, draft);
    for (const photo of entry.photos) this.photos.add(photo.sha256);
    this.threads.push({ report: entry.id, ids: [entry.id] });
  }

  async message(
    which: number,
    sizes: readonly number[],
    refused: boolean,
  ): Promise<void> {
    const thread = this.thread(which);
    if (!thread) return;
    const draft = emptyMessageDraft(thread.report, "message");
    draft.text = refused ? refusedWord : "hello";
    for (const size of sizes) {
      const photo = await makePhoto(size);
      await addPhoto(this.phone.db, draft, photo);
      this.photos.add(photo.sha256);
    }
    await saveDraft(this.phone.db, draft);
    const entry = await sendMessage(this.phone.db, draft);
    thread.ids.push(entry.id);
  }

  async move(which: number): Promise<void> {
    const thread = this.thread(which);
    if (!thread) return;
    const entry = await enqueue(this.phone.db, {
      kind: "move",
      reportId: thread.report,
      payload: { to: "withdrawn" },
    });
    thread.ids.push(entry.id);
  }

  async drain(
    faults: readonly Fault[],
    tabs: number,
    source: DrainSource,
  ): Promise<void> {
    this.server.faults = [...faults];
    await Promise.all(
      Array.from({ length: tabs }, () => drain(this.phone.parts, { source })),
    );
  }

  /** A tab killed while its nth request is under way: nothing after it runs in that tab. */
  async crash(after: number): Promise<void> {
    const { client } = this.phone.parts;
    let left = after;
    const dying = async <T>(work: () => Promise<T>): Promise<T> => {
      if (left-- > 0) return work();
      // The request itself may still arrive.
      await work().catch((error: unknown) => {
        if (!(error instanceof Problem) && !(error instanceof Unreachable))
          throw error;
      });
      throw new Error("killed");
    };
    this.phone.parts.client = {
      request: (...all: Parameters<typeof client.request>) =>
        dying(() => client.request(...all)),
      send: (...all) => dying(() => client.send(...all)),
    } as typeof client;
    await drain(this.phone.parts, { source: "timer" }).catch((error: Error) => {
      if (error.message !== "killed") throw error;
    });
    this.phone.parts.client = client;
  }

  /** The person corrects what was refused. */
  async correct(): Promise<void> {
    for (const entry of await allEntries(this.phone.db)) {
      if (entry.state !== "needs_person") continue;
      const draft = await reviseRefused(this.phone.db, entry.id);
      if (draft?.kind === "report") {
        this.replaced(
          entry,
          await submitReport(this.phone.db, { ...draft, description: "well" }),
        );
      } else if (draft?.kind === "message") {
        this.replaced(
          entry,
          await sendMessage(this.phone.db, { ...draft, text: "well" }),
        );
      }
    }
  }

  private replaced(old: OutboxEntry, made: OutboxEntry): void {
    for (const thread of this.threads) {
      thread.ids = thread.ids.map((id) => (id === old.id ? made.id : id));
      if (thread.report === old.id) thread.report = made.id;
    }
  }

  /** The person lets the first refused thing go. */
  async giveUp(): Promise<void> {
    const entry = (await allEntries(this.phone.db)).find(
      (one) => one.state === "needs_person",
    );
    if (!entry) return;
    const before = await allEntries(this.phone.db);
    await discardRefused(this.phone.db, entry.id);
    const left = new Set(
      (await allEntries(this.phone.db)).map((one) => one.id),
    );
    for (const gone of before.filter((one) => !left.has(one.id))) {
      for (const photo of gone.photos) this.photos.delete(photo.sha256);
      for (const thread of this.threads)
        thread.ids = thread.ids.filter((id) => id !== gone.id);
    }
  }

  /** I5/I2: at every moment each photo is here or verified there. */
  async checkPhotos(): Promise<void> {
    const here = new Set(
      (await this.phone.db.getAll("photos")).map((photo) => photo.sha256),
    );
    for (const sha of this.photos)
      expect(here.has(sha) || this.server.stored.has(sha)).toBe(true);
  }

  checkOnce(): void {
    const ids = this.server.rows.map((row) => row.id);
    expect(new Set(ids).size).toBe(ids.length);
  }

  /** The line is good again, for as long as it takes. */
  async settle(): Promise<void> {
    for (let round = 0; round < 12; round++) {
      await this.drain([], 1, "person");
      await this.correct();
    }
    const threads = this.threads.filter((thread) => thread.ids.length > 0);
    for (const thread of threads)
      expect(this.server.thread(thread.report)).toEqual(thread.ids);
    expect(this.server.rows).toHaveLength(
      threads.flatMap((thread) => thread.ids).length,
    );
    for (const sha of this.photos)
      expect(this.server.stored.has(sha)).toBe(true);
    const left = await allEntries(this.phone.db);
    expect(left.filter((entry) => entry.state !== "done")).toEqual([]);
    expect(await this.phone.db.count("photos")).toBe(0);
  }
}

const fault = fc.constantFrom<Fault>(
  "ok",
  "ok",
  "ok",
  "drop_before",
  "drop_after",
  "unavailable",
  "bad_gateway",
  "portal",
  "foreign_json",
  "cut_json",
  "proxy_403",
  "busy",
  "signed_out",
);
const sizes = fc.array(fc.constantFrom(1, 1_000, 65_536, 150_000), {
  maxLength: 3,
});
const seldom = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);
const source = fc.constantFrom<DrainSource>(
  "timer",
  "online",
  "start",
  "person",
  "enqueued",
);

const deed = fc.oneof(
  fc
    .tuple(sizes, seldom)
    .map(([s, r]) => ["report", (w: World) => w.report(s, r)] as const),
  fc
    .tuple(fc.nat(3), sizes, seldom)
    .map(([n, s, r]) => ["message", (w: World) => w.message(n, s, r)] as const),
  fc.nat(3).map((n) => ["move", (w: World) => w.move(n)] as const),
  fc
    .tuple(
      fc.array(fault, { maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      source,
    )
    .map(
      ([f, n, s]) =>
        [
          `drain ${s} ${n} ${f.join()}`,
          (w: World) => w.drain(f, n, s),
        ] as const,
    ),
  fc.nat(8).map((n) => [`crash ${n}`, (w: World) => w.crash(n)] as const),
  fc.constant(["correct", (w: World) => w.correct()] as const),
  fc.constant(["give up", (w: World) => w.giveUp()] as const),
  fc
    .integer({ min: 1, max: 400_000 })
    .map(
      (ms) =>
        [
          `wait ${ms}`,
          async (w: World) => void (w.phone.clock.now += ms),
        ] as const,
    ),
);

const runs = Number(process.env["KHUPHO_OUTBOX_RUNS"] ?? 200);

test(
  "whatever happens on the way, each thing arrives exactly once, in order, and nothing is lost",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(deed, { minLength: 1, maxLength: 14 }),
        async (deeds) => {
          const world = await World.begin();
          for (const [, act] of deeds) {
            await act(world);
            await world.checkPhotos();
            world.checkOnce();
          }
          await world.settle();
          world.phone.db.close();
        },
      ),
      { numRuns: runs },
    );
  },
  120_000 + runs * 1_000,
);
