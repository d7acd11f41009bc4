import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { locate, NotLocated } from "#lib/geo/locate.ts";

/** A receiver as the browser offers it (W3C Geolocation); there is none here. */
class Receiver {
  watching: { found: PositionCallback; failed: PositionErrorCallback } | null =
    null;

  watchPosition(
    found: PositionCallback,
    failed: PositionErrorCallback,
  ): number {
    this.watching = { found, failed };
    return 1;
  }

  clearWatch(): void {
    this.watching = null;
  }

  find(latitude: number, longitude: number, accuracy: number): void {
    this.watching?.found({
      coords: { latitude, longitude, accuracy },
      timestamp: 1,
    } as GeolocationPosition);
  }

  fail(code: number): void {
    this.watching?.failed({
      code,
      PERMISSION_DENIED: 1,
    } as GeolocationPositionError);
  }
}

let receiver: Receiver;

beforeEach(() => {
  vi.useFakeTimers();
  receiver = new Receiver();
  vi.stubGlobal("navigator", { geolocation: receiver });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a good position is taken at once, and the receiver is switched off", async () => {
  const found = locate();
  receiver.find(10.8, 106.8, 12);
  expect(await found).toEqual({ lat: 10.8, lon: 106.8, accuracyM: 12, at: 1 });
  expect(receiver.watching).toBeNull();
});

test("a poor one gets 15 seconds to become better; the best is taken, and shown on the way", async () => {
  const seen: number[] = [];
  const found = locate({
    onBetter: (position) => seen.push(position.accuracyM),
  });
  receiver.find(10.8, 106.8, 900);
  receiver.find(10.81, 106.81, 2_000);
  receiver.find(10.82, 106.82, 80);
  await vi.advanceTimersByTimeAsync(15_000);
  expect((await found).accuracyM).toBe(80);
  expect(seen).toEqual([900, 80]);
});

test("0/0 is no position", async () => {
  const found = locate().catch((error: unknown) => error);
  receiver.find(0, 0, 5);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await found).toMatchObject({ reason: "timeout" });
});

test('a "no" of the person is heard at once, a missing satellite is waited for', async () => {
  const refused = locate().catch((error: unknown) => error);
  receiver.fail(1);
  expect(await refused).toMatchObject({ reason: "denied" });
  const found = locate();
  receiver.fail(2);
  receiver.find(10.8, 106.8, 20);
  expect((await found).accuracyM).toBe(20);
});

test("leaving the screen ends the search", async () => {
  const leave = new AbortController();
  const found = locate({ signal: leave.signal }).catch(
    (error: unknown) => error,
  );
  receiver.find(10.8, 106.8, 100);
  leave.abort(new Error("left"));
  expect(await found).toMatchObject({ message: "left" });
  expect(receiver.watching).toBeNull();
  await expect(locate({ signal: leave.signal })).rejects.toThrow("left");
});

test("a browser without a receiver says so", async () => {
  vi.stubGlobal("navigator", {});
  await expect(locate()).rejects.toBeInstanceOf(NotLocated);
});
