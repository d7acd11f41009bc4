/** What the app's service worker does about the outbox, and nothing else of it. */
import { workInBackground } from "#lib/data/background.ts";

interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void;
  tag?: string;
  data?: unknown;
}

addEventListener("install", (event) => {
  const worker = globalThis as unknown as { skipWaiting(): Promise<void> };
  (event as Waiting).waitUntil(worker.skipWaiting());
});

addEventListener("activate", (event) => {
  const worker = globalThis as unknown as {
    clients: { claim(): Promise<void> };
  };
  (event as Waiting).waitUntil(worker.clients.claim());
});

addEventListener("sync", (event) => {
  const { tag } = event as Waiting;
  if (tag === "khupho-outbox") (event as Waiting).waitUntil(workInBackground());
});

addEventListener("message", (event) => {
  if ((event as MessageEvent).data === "drain") {
    (event as unknown as Waiting).waitUntil(
      workInBackground().catch(() => undefined),
    );
  }
});
