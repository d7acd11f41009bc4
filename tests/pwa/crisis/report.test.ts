import { expect, test } from "vitest";
import type { AreaOut } from "#lib/api/types.ts";
import { reportOf } from "#lib/crisis/report.ts";
import type { Position } from "#lib/geo/locate.ts";

const square = (south: number, west: number): AreaOut["outline"] => [
  [
    [south, west],
    [south, west + 0.02],
    [south + 0.02, west + 0.02],
    [south + 0.02, west],
  ],
];
const areas = [
  { id: "home", level: "neighbourhood", outline: square(10, 106) },
  { id: "beside", level: "neighbourhood", outline: square(10, 106.02) },
] as unknown as AreaOut[];
const crisis = { category_id: "flood" };
const at = (
  lat: number,
  lon: number,
  accuracyM: number | null = 12,
): Position => ({
  lat,
  lon,
  accuracyM: accuracyM ?? 0,
  at: 0,
});

test("what the phone is sure of goes with it", () => {
  const sent = reportOf(crisis, "blocked", at(10.01, 106.03), "home", areas);
  expect(sent).toMatchObject({
    category_id: "flood",
    severity: "blocked",
    located_by: "gps",
    lat: 10.01,
    lon: 106.03,
    accuracy_m: 12,
  });
  expect(sent.area_id).toBeUndefined();
});

test.each([
  ["without a place", null],
  ["with one that could be in the next street", at(10.01, 106.01, 151)],
  ["with one that is not in the ward", at(21, 105)],
])("%s it is about the neighbourhood one lives in", (_, place) => {
  const sent = reportOf(crisis, "hard", place, "home", areas);
  expect(sent).toMatchObject({ located_by: "none", area_id: "home" });
  expect(sent.lat).toBeUndefined();
});

test("just outside of the boundary it still counts", () => {
  const sent = reportOf(crisis, "hard", at(9.999, 106.01), "home", areas);
  expect(sent.located_by).toBe("gps");
});
