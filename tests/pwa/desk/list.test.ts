import "fake-indexeddb/auto";
import { beforeEach, expect, test, vi } from "vitest";
import { DeskList } from "#lib/state/desk.svelte.ts";

/** The server's desk: `all` reports, at most 100 an answer, the cursor is the place. */
let all: string[];
let asked: URLSearchParams[];

beforeEach(() => {
  all = Array.from({ length: 180 }, (_, at) => `report ${at}`);
  asked = [];
  vi.stubGlobal("fetch", async (path: string) => {
    const query = new URL(path, "http://ward.example").searchParams;
    asked.push(query);
    const limit = Number(query.get("limit"));
    if (limit > 100) return new Response("", { status: 400 });
    const from = Number(query.get("cursor") ?? 0);
    const body = {
      reports: all
        .slice(from, from + limit)
        .map((id) => ({ id, photos: [], moves: [], last_seq: 0 })),
      cursor: from + limit < all.length ? String(from + limit) : null,
      counts: { open: all.length, overdue: 0, unread: 0 },
    };
    return Response.json(body);
  });
});

const ids = (list: DeskList) => list.reports.map((report) => report.id);

test("the list grows page by page, in the server's order", async () => {
  const list = new DeskList({ tray: "open" });
  await list.reload();
  expect(ids(list)).toEqual(all.slice(0, 50));
  await list.loadMore();
  await list.loadMore();
  await list.loadMore();
  expect(ids(list)).toEqual(all);
  expect(list.more).toBe(false);
});

test("after news a long list is as long as before, with what is new in it", async () => {
  const list = new DeskList({ tray: "open" });
  await list.reload();
  for (let at = 0; at < 3; at++) await list.loadMore();
  all = ["urgent", ...all];
  await list.reload();
  expect(ids(list)).toEqual(all.slice(0, 180));
  expect(list.error).toBe(null);
});

test("when the server is out of reach, what is listed stays", async () => {
  const list = new DeskList({ tray: "open" });
  await list.reload();
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  await list.reload();
  expect(ids(list)).toHaveLength(50);
  expect(list.error).not.toBe(null);
});

test("an answer to an earlier question does not replace that to a later one", async () => {
  const answer = fetch;
  let release: () => void = () => undefined;
  vi.stubGlobal("fetch", async (path: string) => {
    const slow = !path.includes("q=");
    if (slow) await new Promise<void>((resolve) => (release = resolve));
    return slow
      ? answer(path)
      : Response.json({
          reports: [],
          cursor: null,
          counts: { open: 0, overdue: 0, unread: 0 },
        });
  });
  const list = new DeskList({ tray: "open" });
  const first = list.reload();
  await list.filterBy({ tray: "open", q: "nothing like it" });
  release();
  await first;
  expect(ids(list)).toEqual([]);
});
