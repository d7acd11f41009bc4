import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ifNobodyIs, inTurn, type Locks } from "#lib/data/locks.ts";

let name = "";
beforeEach(() => {
  name = `lock ${crypto.randomUUID()}`;
});
afterEach(() => void vi.useRealTimers());

/** As Chromium leaves a lock now and then: nobody has it, and nobody gets it except by force. */
function forgotten(): Locks {
  const request = async (
    name: string,
    options: LockOptions,
    work: LockGrantedCallback<unknown>,
  ) => {
    if (options.steal) return work({ name, mode: "exclusive" });
    if (options.ifAvailable) return work(null);
    return new Promise((_, reject) =>
      options.signal?.addEventListener("abort", () =>
        reject(new DOMException("", "AbortError")),
      ),
    );
  };
  return {
    request: request as Locks["request"],
    query: async () => ({ held: [], pending: [] }),
  };
}

/** A lock that somebody has until the returned function is called. */
async function held(): Promise<() => void> {
  let leave = () => {};
  await new Promise<void>((isIn) => {
    void navigator.locks.request(name, () => {
      isIn();
      return new Promise<void>((end) => (leave = end));
    });
  });
  return leave;
}

test("a lock that nobody has and nobody gets is taken by force", async () => {
  vi.useFakeTimers();
  const done = Promise.all([
    inTurn(forgotten(), name, async () => "pulled"),
    ifNobodyIs(forgotten(), name, async () => "drained"),
  ]);
  await vi.advanceTimersByTimeAsync(12_000);
  expect(await done).toEqual(["pulled", "drained"]);
});

test("whoever is at it is left alone, however long it takes", async () => {
  const leave = await held();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let isIn = false;
  const done = inTurn(navigator.locks, name, async () => {
    isIn = true;
    return "mine";
  });
  for (let times = 0; times < 5; times++) {
    await vi.advanceTimersByTimeAsync(11_000);
    expect(await ifNobodyIs(navigator.locks, name, async () => "drained")).toBe(
      null,
    );
  }
  expect(isIn).toBe(false);
  leave();
  await vi.advanceTimersByTimeAsync(11_000);
  expect(await done).toBe("mine");
});

test("whose lock is taken away goes on, and is told that somebody else is at it", async () => {
  let leave = () => {};
  const done = ifNobodyIs(
    navigator.locks,
    name,
    () => new Promise<string>((end) => (leave = () => end("late"))),
  );
  await vi.waitFor(async () =>
    expect((await navigator.locks.query()).held).toContainEqual(
      expect.objectContaining({ name }),
    ),
  );
  await navigator.locks.request(name, { steal: true }, async () => undefined);
  expect(await done).toBe(null);
  leave();
});

test("what fails under a lock fails as it did", async () => {
  const failing = () =>
    Promise.reject<string>(new DOMException("the request", "AbortError"));
  await expect(inTurn(navigator.locks, name, failing)).rejects.toThrow(
    "the request",
  );
  await expect(ifNobodyIs(navigator.locks, name, failing)).rejects.toThrow(
    "the request",
  );
});
