import { expect, test } from "vitest";
import { makeClient, parseRetryAfter, timeoutFor } from "#lib/api/client.ts";
import { json, problem } from "../data/fake-server.ts";

const client = (answer: (init: RequestInit) => Promise<Response>) =>
  makeClient({ fetch: (_, init) => answer(init ?? {}), language: () => "fa" });

test("the server is asked in the language of the person, with their cookie and nobody else’s", async () => {
  let seen: RequestInit = {};
  await client(async (init) => {
    seen = init;
    return json(200, {});
  }).request("PUT", "/api/x", { body: { name: "ن" } });
  expect(seen).toMatchObject({
    method: "PUT",
    credentials: "same-origin",
    redirect: "error",
    body: '{"name":"ن"}',
  });
  expect(new Headers(seen.headers).get("accept-language")).toBe("fa");
});

test("a refusal carries its words, its code and the fields it names", async () => {
  const errors = [
    { field: "lat", code: "bad_position", detail: "Where is that?" },
  ];
  const body = {
    type: "x",
    title: "T",
    detail: "D",
    status: 422,
    code: "invalid",
    errors,
  };
  const answer = new Response(JSON.stringify(body), {
    status: 422,
    headers: { "content-type": "application/problem+json; charset=utf-8" },
  });
  await expect(
    client(async () => answer).request("GET", "/api/x"),
  ).rejects.toMatchObject({
    name: "Problem",
    code: "invalid",
    detail: "D",
    status: 422,
    errors,
    temporary: false,
  });
});

test("how long a busy server asks to wait is kept", async () => {
  const busy = client(async () =>
    problem(503, "unavailable", { "retry-after": "120" }),
  );
  await expect(busy.request("GET", "/x")).rejects.toMatchObject({
    retryAfter: 120_000,
    temporary: true,
  });
  const now = Date.UTC(2026, 0, 1);
  expect(parseRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", now)).toBe(60_000);
  expect(parseRetryAfter("yesterday", now)).toBeNull();
});

test("an answer that never comes ends by itself", async () => {
  const silent = client(
    (init) =>
      new Promise((_, reject) =>
        init.signal?.addEventListener("abort", () =>
          reject(init.signal?.reason),
        ),
      ),
  );
  const asked = silent.request("GET", "/api/x", { timeoutMs: 5 });
  await expect(asked).rejects.toMatchObject({
    name: "Unreachable",
    reason: "timeout",
  });
});

test("on a line of 2 KB a second a chunk of a photo has time to arrive", () => {
  expect(timeoutFor(64 * 1024)).toBeGreaterThan(32_000);
});

test("who gives up gets their own reason back", async () => {
  const giveUp = new AbortController();
  const silent = client(
    (init) =>
      new Promise((_, reject) =>
        init.signal?.addEventListener("abort", () =>
          reject(init.signal?.reason),
        ),
      ),
  );
  const asked = silent.request("GET", "/api/x", { signal: giveUp.signal });
  giveUp.abort(new Error("left the screen"));
  await expect(asked).rejects.toThrow("left the screen");
});
