import fc from "fast-check";
import { expect, test } from "vitest";
import { readFacts } from "#lib/photo/exif.ts";
import { readFormat } from "#lib/photo/format.ts";

interface Values {
  orientation?: number;
  /** Fractions of degrees, minutes, seconds. */
  lat?: [number, number][];
  lon?: [number, number][];
  refs?: [string, string];
}

/** A JPEG's beginning with an Exif segment of our own making. */
function jpegWith(
  { orientation = 1, lat, lon, refs = ["N", "E"] }: Values,
  little = false,
): ArrayBuffer {
  const tiff = new DataView(new ArrayBuffer(400));
  tiff.setUint16(0, little ? 0x4949 : 0x4d4d);
  tiff.setUint16(2, 42, little);
  tiff.setUint32(4, 8, little);
  const entry = (at: number, tag: number, type: number, count: number) => {
    tiff.setUint16(at, tag, little);
    tiff.setUint16(at + 2, type, little);
    tiff.setUint32(at + 4, count, little);
  };
  tiff.setUint16(8, lat ? 2 : 1, little);
  entry(10, 0x0112, 3, 1);
  tiff.setUint16(18, orientation, little);
  entry(22, 0x8825, 4, 1);
  tiff.setUint32(30, 60, little);
  if (lat && lon) {
    tiff.setUint16(60, 4, little);
    for (const [i, ref] of refs.entries()) {
      entry(62 + i * 24, 1 + i * 2, 2, 2);
      tiff.setUint8(70 + i * 24, ref.charCodeAt(0));
    }
    for (const [i, fractions] of [lat, lon].entries()) {
      entry(74 + i * 24, 2 + i * 2, 5, fractions.length);
      tiff.setUint32(82 + i * 24, 150 + i * 40, little);
      for (const [j, [above, below]] of fractions.entries()) {
        tiff.setUint32(150 + i * 40 + j * 8, above, little);
        tiff.setUint32(154 + i * 40 + j * 8, below, little);
      }
    }
  }
  const head = new DataView(new ArrayBuffer(12));
  head.setUint32(0, 0xffd8ffe1);
  head.setUint16(4, 408);
  head.setUint32(6, 0x45786966);
  return Uint8Array.of(
    ...new Uint8Array(head.buffer),
    ...new Uint8Array(tiff.buffer),
  ).buffer;
}

const lat: [number, number][] = [
  [10, 1],
  [30, 1],
  [0, 1],
];
const lon: [number, number][] = [
  [106, 1],
  [45, 1],
  [3600, 100],
];

test.each([true, false])(
  "place and orientation are read in either byte order (little: %s)",
  (little) => {
    const facts = readFacts(jpegWith({ orientation: 6, lat, lon }, little));
    expect(facts.orientation).toBe(6);
    expect(facts.gps?.lat).toBeCloseTo(10.5, 9);
    expect(facts.gps?.lon).toBeCloseTo(106.76, 9);
  },
);

test("south and west are negative", () => {
  const facts = readFacts(jpegWith({ lat, lon, refs: ["S", "W"] }));
  expect(facts.gps).toEqual({ lat: -10.5, lon: -106.76 });
});

test("a place that cannot be true is no place", () => {
  const zero: [number, number][] = [
    [0, 1],
    [0, 1],
    [0, 1],
  ];
  expect(readFacts(jpegWith({ lat: zero, lon: zero })).gps).toBeNull();
  expect(readFacts(jpegWith({ lat: [[95, 1]], lon })).gps).toBeNull();
  expect(readFacts(jpegWith({ lat: [[10, 0]], lon })).gps).toBeNull();
  expect(readFacts(jpegWith({})).gps).toBeNull();
});

test("an orientation outside of 1 to 8 counts as upright", () => {
  expect(readFacts(jpegWith({ orientation: 0 })).orientation).toBe(1);
  expect(readFacts(jpegWith({ orientation: 99 })).orientation).toBe(1);
});

test("no file, however broken, stops the app", () => {
  const damaged = fc
    .tuple(
      fc.array(fc.tuple(fc.nat(411), fc.nat(255)), { maxLength: 40 }),
      fc.nat(412),
      fc.boolean(),
    )
    .map(([changes, length, little]) => {
      const bytes = new Uint8Array(
        jpegWith({ orientation: 3, lat, lon }, little),
      );
      for (const [at, value] of changes) bytes[at] = value;
      return bytes.slice(0, length).buffer;
    });
  const random = fc
    .uint8Array({ maxLength: 300 })
    .map((bytes) => bytes.slice().buffer);
  fc.assert(
    fc.property(fc.oneof(damaged, random), (bytes) => {
      const { orientation, gps } = readFacts(bytes);
      expect(orientation).toBeGreaterThanOrEqual(1);
      expect(orientation).toBeLessThanOrEqual(8);
      if (gps) expect(Math.abs(gps.lat)).toBeLessThanOrEqual(90);
      readFormat(bytes);
    }),
    { numRuns: 2_000 },
  );
});
