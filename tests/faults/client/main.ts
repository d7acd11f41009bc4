/**
 * A phone without screens: the app's own data layer, and `window.phone` in place of fingers. What an action resolves
 * to is what the person was told: a queued entry, or why it could not be kept.
 */
import { api } from "#lib/api/client.ts";
import { isMe, join, settleIn } from "#lib/data/account.ts";
import { database, replicaStores, type Store } from "#lib/data/db.ts";
import {
  addPhoto,
  discardDraft,
  emptyMessageDraft,
  emptyReportDraft,
  saveDraft,
  sendMessage,
  sendMove,
  submitReport,
} from "#lib/data/drafts.ts";
import { fetchCase } from "#lib/data/cases.ts";
import { allEntries, enqueue } from "#lib/data/outbox.ts";
import { liveParts } from "#lib/data/parts.ts";
import { markNotificationsRead, markRead } from "#lib/data/reading.ts";
import { discardRefused, takeBack } from "#lib/data/revise.ts";
import type { MoveInput, OutboxEntry, PhotoRow } from "#lib/data/rows.ts";
import { drainNow, startRunning } from "#lib/data/running.ts";
import { listen } from "#lib/data/signal.ts";
import { pull } from "#lib/data/sync.ts";
import type { ReportOut, SessionIn } from "#lib/api/types.ts";
import { sha256Hex } from "#lib/photo/sha256.ts";

/** A photo to be taken: always the same bytes for the same seed. */
interface Shot {
  seed: number;
  bytes: number;
}

/** The smallest JPEG a decoder accepts: one grey pixel. What follows its end is ignored by decoders. */
const pixel = Uint8Array.from(
  atob(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////" +
      "////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AR//Z",
  ),
  (letter) => letter.charCodeAt(0),
);

async function take(shot: Shot): Promise<PhotoRow> {
  const bytes = new Uint8Array(Math.max(shot.bytes, pixel.length + 16));
  bytes.set(pixel);
  let state = shot.seed >>> 0;
  for (let at = pixel.length; at < bytes.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return {
    id: crypto.randomUUID(),
    sha256: await sha256Hex(bytes.buffer),
    type: "image/jpeg",
    width: 1,
    height: 1,
    bytes: bytes.buffer,
    gps: null,
    original: false,
    createdAt: Date.now(),
  };
}

/** What the harness writes down of an action. */
interface Told {
  id: string;
  kind: OutboxEntry["kind"];
  reportId: string | null;
  order: number;
  payload: unknown;
  photos: OutboxEntry["photos"];
}

const told = ({
  id,
  kind,
  reportId,
  order,
  payload,
  photos,
}: OutboxEntry): Told => ({
  id,
  kind,
  reportId,
  order,
  payload,
  photos,
});

/** The newest entries of this replica, as a person would look at them. */
async function shownReports(): Promise<ReportOut[]> {
  const db = await database();
  const rows = await db.getAll("reports");
  return rows.sort((a, b) => a.created_at.localeCompare(b.created_at));
}

/** Resolves a moment after the next change of the outbox, in whatever tab or worker; at the latest after `ms`. */
function nextNews(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(done, Math.max(0, ms));
    let soon: ReturnType<typeof setTimeout> | null = null;
    const stop = listen((signal) => {
      if (
        signal.drained ||
        signal.changed?.some((s) => s === "outbox" || s === "meta")
      )
        soon ??= setTimeout(done, 30);
    });
    function done() {
      stop();
      clearTimeout(late);
      if (soon) clearTimeout(soon);
      resolve();
    }
  });
}

const phone = {
  /** The session cookie is there; make this database that person's. */
  async settle(): Promise<void> {
    const me = await api.request("GET", "/api/me", {}, isMe);
    await settleIn(await database(), me);
  },

  async join(input: SessionIn): Promise<void> {
    await join(await database(), input);
  },

  async report(wish: {
    id: string;
    category_id: string;
    description: string;
    lat: number;
    lon: number;
    shots: Shot[];
  }): Promise<Told> {
    const db = await database();
    const { shots, ...fields } = wish;
    const draft = {
      ...emptyReportDraft(),
      ...fields,
      accuracy_m: 10,
      located_by: "gps" as const,
    };
    await saveDraft(db, draft);
    try {
      for (const shot of shots) await addPhoto(db, draft, await take(shot));
      return told(await submitReport(db, draft));
    } catch (error) {
      await discardDraft(db, draft.id);
      throw error;
    }
  },

  async reply(wish: {
    id: string;
    reportId: string;
    text: string;
    shots: Shot[];
    question: boolean;
  }): Promise<Told> {
    const db = await database();
    const draft = {
      ...emptyMessageDraft(wish.reportId, "message"),
      sendAs: wish.id,
      text: wish.text,
    };
    try {
      await saveDraft(db, draft);
      for (const shot of wish.shots)
        await addPhoto(db, draft, await take(shot));
      return told(
        await sendMessage(db, draft, wish.question ? { question: true } : {}),
      );
    } catch (error) {
      await discardDraft(db, draft.id);
      throw error;
    }
  },

  async move(wish: {
    id: string;
    reportId: string;
    move: MoveInput;
    text: string;
    shots: Shot[];
  }): Promise<Told> {
    const db = await database();
    const draft = {
      ...emptyMessageDraft(wish.reportId, "move"),
      sendAs: wish.id,
      text: wish.text,
    };
    await saveDraft(db, draft);
    for (const shot of wish.shots) await addPhoto(db, draft, await take(shot));
    return told(await sendMove(db, draft, wish.move));
  },

  async edit(reportId: string, description: string): Promise<Told> {
    const db = await database();
    return told(
      await enqueue(db, { kind: "edit", reportId, payload: { description } }),
    );
  },

  async takeBack(id: string): Promise<boolean> {
    const db = await database();
    const taken = await takeBack(db, id);
    if (taken) await discardDraft(db, id);
    return taken;
  },

  /** Opens a thread: everything in it is read. Resolves to how far, or null when the phone does not have it. */
  async read(reportId: string): Promise<number | null> {
    const db = await database();
    const report =
      (await db.get("reports", reportId)) ??
      (await db.get("cases", reportId))?.report;
    if (!report) return null;
    await markRead(db, reportId, report.last_seq);
    return report.last_seq;
  },

  async readNotices(): Promise<number> {
    const db = await database();
    const unread = (await db.getAll("notifications")).filter(
      (row) => !row.read_at,
    );
    await markNotificationsRead(
      db,
      unread.map((row) => row.id),
    );
    return unread.length;
  },

  async open(reportId: string): Promise<void> {
    await fetchCase(await database(), reportId);
  },

  /** The reports on this phone, oldest first, and those opened at a desk. */
  async known(): Promise<{ id: string; mine: boolean; state: string }[]> {
    const opened = await (await database()).getAll("cases");
    return [...(await shownReports()), ...opened.map((row) => row.report)].map(
      ({ id, mine, state }) => ({ id, mine, state }),
    );
  },

  /** What the browser says when it believes that there is a line again. */
  wake(): void {
    dispatchEvent(new Event("online"));
  },

  async sendNow(): Promise<void> {
    await drainNow("person");
  },

  async discard(id: string): Promise<void> {
    await discardRefused(await database(), id);
  },

  setClock(wrongBy: number): void {
    localStorage.setItem("wrongBy", String(wrongBy));
  },

  setHaste(haste: number): void {
    localStorage.setItem("haste", String(haste));
  },

  withoutSync(): void {
    localStorage.setItem("noSync", "yes");
    delete (ServiceWorkerRegistration.prototype as { sync?: unknown }).sync;
  },

  async startWorker(): Promise<void> {
    await navigator.serviceWorker.register("/worker.js", { type: "module" });
    await navigator.serviceWorker.ready;
  },

  async wakeWorker(): Promise<void> {
    (await navigator.serviceWorker.ready).active?.postMessage("drain");
  },

  /** Waits until nothing is queued any more, or for `ms`. Resolves to what is left. */
  async emptied(ms: number): Promise<{
    paused: boolean;
    left: {
      id: string;
      kind: string;
      reportId: string | null;
      state: string;
      received: boolean;
      attempts: number;
      /** How long until it is tried again, by this phone's clock. */
      waitMs: number;
      error: OutboxEntry["lastError"];
    }[];
  }> {
    const db = await database();
    const end = performance.now() + ms;
    for (;;) {
      const news = nextNews(end - performance.now());
      const tx = db.transaction(["outbox", "meta"]);
      const [entries, pause] = await Promise.all([
        tx.objectStore("outbox").index("by_order").getAll(),
        tx.objectStore("meta").get("paused"),
      ]);
      const left = entries.filter((entry) => entry.state !== "done");
      const paused = pause !== undefined;
      const quiet = left.every((entry) => entry.state === "needs_person");
      if (
        quiet ||
        performance.now() > end ||
        paused ||
        left.some((e) => e.state === "needs_person")
      ) {
        return {
          paused,
          left: left.map((entry) => ({
            id: entry.id,
            kind: entry.kind,
            reportId: entry.reportId,
            state: entry.state,
            received: entry.receivedAt !== null,
            attempts: entry.attempts,
            waitMs: entry.nextAttemptAt - Date.now(),
            error: entry.lastError,
          })),
        };
      }
      await news;
    }
  },

  async outbox(): Promise<(Told & { state: string })[]> {
    return (await allEntries(await database())).map((entry) => ({
      ...told(entry),
      state: entry.state,
    }));
  },

  async pull(): Promise<void> {
    await pull(await liveParts());
  },

  /** Everything this phone keeps, without the photos' bytes. */
  async dump(): Promise<Record<string, unknown[]>> {
    const db = await database();
    const all: Record<string, unknown[]> = {};
    const stores: Store[] = [
      ...replicaStores,
      "cases",
      "outbox",
      "uploads",
      "drafts",
    ];
    for (const store of stores) all[store] = await db.getAll(store);
    all["photos"] = await db.getAllKeys("photos");
    all["meta"] = [await db.get("meta", "cursor")];
    return all;
  },
};

export type PhoneApi = typeof phone;

Object.assign(globalThis, { phone });
startRunning();
