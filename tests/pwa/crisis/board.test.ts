import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { openDatabase } from "#lib/data/db.ts";
import { addEntry, outboxStores } from "#lib/data/outbox.ts";
import { routes } from "#lib/data/kinds.ts";
import { stepsToDone } from "../../../pwa/src/routes/desk/crisis/parts/crisis.svelte.ts";

test.each([
  ["submitted", ["accepted", "in_progress", "resolved"]],
  ["accepted", ["in_progress", "resolved"]],
  ["disputed", ["in_progress", "resolved"]],
  ["in_progress", ["resolved"]],
  ["awaiting_reporter", ["resolved"]],
  ["resolved", []],
  ["closed", []],
] as const)("from %s it is done by legal moves", (state, moves) => {
  const steps = stepsToDone(state, "Done.");
  expect(steps.map((step) => step.to)).toEqual(moves);
  expect(steps.at(-1)?.text ?? "Done.").toBe("Done.");
});

test("what a unit does goes one after the other, and is known by its own answer", async () => {
  const db = await openDatabase("crisis");
  const tx = db.transaction([...outboxStores], "readwrite");
  const payload = {
    path: "/api/crises/c/assignments/a",
    body: {},
    answers: "a",
    lane: "unit:u",
  };
  const first = await addEntry(tx as never, { kind: "crisis", payload });
  const second = await addEntry(tx as never, {
    kind: "crisis",
    payload: { ...payload, path: `${payload.path}/status` },
  });
  await tx.done;
  expect([first.lane, second.lane]).toEqual(["unit:u", "unit:u"]);
  expect(routes.crisis.answers({ id: "a" }, first as never)).toBe(true);
  expect(routes.crisis.answers({ id: "b" }, first as never)).toBe(false);
  expect(routes.crisis.path(second as never)).toBe(
    "/api/crises/c/assignments/a/status",
  );
});
