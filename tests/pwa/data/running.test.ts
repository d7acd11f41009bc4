import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeServer, json } from "./fake-server.ts";

/** As much of a page as the data layer touches: it is seen or not, and online or not. */
class Page extends EventTarget {
  visibilityState = "visible";
  documentElement = { lang: "en" };
}

class Stream extends EventTarget {
  static readonly OPEN = 1;
  static all: Stream[] = [];
  readyState = Stream.OPEN;
  onerror: (() => void) | null = null;

  constructor() {
    super();
    Stream.all.push(this);
  }

  close(): void {
    this.readyState = 2;
  }
}

let server: FakeServer;
let page: Page;
let pulls: number;
let stop: () => void;

beforeEach(async () => {
  vi.resetModules();
  globalThis.indexedDB = new IDBFactory();
  server = new FakeServer();
  page = new Page();
  pulls = 0;
  Stream.all = [];
  const events = new EventTarget();
  vi.stubGlobal("document", page);
  vi.stubGlobal("EventSource", Stream);
  vi.stubGlobal("addEventListener", events.addEventListener.bind(events));
  vi.stubGlobal("removeEventListener", events.removeEventListener.bind(events));
  vi.stubGlobal("dispatchEvent", events.dispatchEvent.bind(events));
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    if (!path.startsWith("/api/sync")) return server.fetch(path, init);
    pulls++;
    return json(200, {
      cursor: `c${pulls}`,
      more: false,
      reset: false,
      upserts: {},
      removals: {},
    });
  });
  vi.useFakeTimers({
    toFake: [
      "setTimeout",
      "clearTimeout",
      "setInterval",
      "clearInterval",
      "Date",
    ],
  });
  stop = () => undefined;
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function start() {
  const { database } = await import("#lib/data/db.ts");
  const drafts = await import("#lib/data/drafts.ts");
  // Fetched when something waits; here that is not to take time.
  await import("#lib/data/drain.ts");
  const { startRunning } = await import("#lib/data/running.ts");
  const db = await database();
  await db.put(
    "account",
    { id: "alice", language: "vi", grants: [] } as never,
    "me",
  );
  stop = startRunning();
  await vi.waitFor(() => expect(Stream.all).toHaveLength(1));
  const submit = () =>
    drafts.submitReport(db, {
      ...drafts.emptyReportDraft(),
      category_id: "light",
    });
  return { db, submit };
}

test("what is queued is sent at once while the app is open", async () => {
  const { submit } = await start();
  const { id } = await submit();
  await vi.waitFor(() => expect(server.thread(id)).toEqual([id]));
});

test("after a failure it is tried again without anybody doing anything", async () => {
  const { submit } = await start();
  server.faults = ["drop_before"];
  const { id } = await submit();
  await vi.waitFor(() => expect(server.requests).toHaveLength(1));
  const failed = Date.now();
  await vi.waitFor(() => expect(server.thread(id)).toEqual([id]), {
    timeout: 5_000,
  });
  expect(Date.now() - failed).toBeLessThan(5_000);
});

test("when the line comes back everything goes at once", async () => {
  const { submit } = await start();
  server.faults = ["drop_before"];
  const { id } = await submit();
  await vi.waitFor(() => expect(server.requests).toHaveLength(1));
  dispatchEvent(new Event("online"));
  await vi.waitFor(() => expect(server.thread(id)).toEqual([id]));
});

test('"changed" from the server brings what is new, and sending is followed by looking', async () => {
  const { submit } = await start();
  await vi.waitFor(() => expect(pulls).toBe(1));
  Stream.all[0]?.dispatchEvent(new Event("changed"));
  await vi.waitFor(() => expect(pulls).toBe(2));
  await submit();
  await vi.waitFor(() => expect(pulls).toBe(3));
});

test("a page that is not seen holds no line open; seen again it looks at once", async () => {
  await start();
  await vi.waitFor(() => expect(pulls).toBe(1));
  page.visibilityState = "hidden";
  page.dispatchEvent(new Event("visibilitychange"));
  expect(Stream.all[0]?.readyState).toBe(2);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(pulls).toBe(1);
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  await vi.waitFor(() => expect(Stream.all).toHaveLength(2));
  await vi.waitFor(() => expect(pulls).toBe(2));
});

test("while the server cannot be heard it is asked every minute, and the line is tried again", async () => {
  await start();
  await vi.waitFor(() => expect(pulls).toBe(1));
  Stream.all[0]?.onerror?.();
  await vi.advanceTimersByTimeAsync(2_000);
  await vi.waitFor(() => expect(Stream.all).toHaveLength(2));
  if (Stream.all[1]) Stream.all[1].readyState = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  await vi.waitFor(() => expect(pulls).toBe(2));
});
