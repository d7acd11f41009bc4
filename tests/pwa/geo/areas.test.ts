import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { AreaOut, Ring } from "#lib/api/types.ts";
import { areaAt } from "#lib/geo/areas.ts";
import { distanceM, isPosition } from "#lib/geo/distance.ts";

const square = (lat: number, lon: number, size: number): Ring => [
  [lat, lon],
  [lat, lon + size],
  [lat + size, lon + size],
  [lat + size, lon],
  [lat, lon],
];
const neighbourhood = (code: string, ...outline: Ring[]) =>
  ({ id: code, code, level: "neighbourhood", outline }) as AreaOut;

test("a point is in the neighbourhood whose border is around it", () => {
  const areas = [
    neighbourhood("a", square(10, 106, 0.01)),
    neighbourhood("b", square(10, 106.01, 0.01)),
  ];
  expect(areaAt(10.005, 106.005, areas)).toMatchObject({
    area: { code: "a" },
    outside: false,
  });
  expect(areaAt(10.005, 106.015, areas)).toMatchObject({
    area: { code: "b" },
    outside: false,
  });
});

test("the hole of one is the inside of another", () => {
  const ring = neighbourhood(
    "ring",
    square(10, 106, 0.03),
    square(10.01, 106.01, 0.01),
  );
  const core = neighbourhood("core", square(10.01, 106.01, 0.01));
  expect(areaAt(10.015, 106.015, [ring, core])?.area.code).toBe("core");
  expect(areaAt(10.005, 106.005, [ring, core])?.area.code).toBe("ring");
});

test("just outside counts as there, further away as nowhere", () => {
  const areas = [
    neighbourhood("far", square(10, 106.5, 0.01)),
    neighbourhood("near", square(10, 106, 0.01)),
  ];
  expect(areaAt(10.0115, 106.005, areas)).toMatchObject({
    area: { code: "near" },
    outside: true,
  });
  expect(areaAt(10.0125, 106.005, areas)).toBeNull();
  expect(areaAt(0, 0, areas)).toBeNull();
});

test("wards and cities are not neighbourhoods", () => {
  const ward = {
    ...neighbourhood("ward", square(10, 106, 1)),
    level: "ward",
  } as AreaOut;
  expect(areaAt(10.5, 106.5, [ward])).toBeNull();
});

test("distances are in metres", () => {
  expect(
    distanceM({ lat: 10.7769, lon: 106.7009 }, { lat: 21.0278, lon: 105.8342 }),
  ).toBeCloseTo(1_143_500, -4);
  expect(
    distanceM({ lat: 10, lon: 179.999 }, { lat: 10, lon: -179.999 }),
  ).toBeLessThan(250);
});

test("null island and the like are no position", () => {
  expect(isPosition(0, 0)).toBe(false);
  expect(isPosition(NaN, 106)).toBe(false);
  expect(isPosition(91, 106)).toBe(false);
  expect(isPosition(10.8, 106.8)).toBe(true);
});

const realdata = process.env["KHUPHO_TEST_REALDATA"] ?? "../../shared/realdata";
const file = `${realdata}/areas/hcmc_wards_2025.geojson`;

describe.skipIf(!existsSync(file) && !process.env["CI"])(
  "on the 168 real wards of Ho Chi Minh City",
  () => {
    interface Feature {
      properties: { name_vi: string };
      geometry: { type: string; coordinates: number[][][] | number[][][][] };
    }

    test("the seat of Tăng Nhơn Phú is in Tăng Nhơn Phú", () => {
      const { features } = JSON.parse(readFileSync(file, "utf8")) as {
        features: Feature[];
      };
      const areas = features.map(({ properties, geometry }) => {
        const polygons = (
          geometry.type === "Polygon"
            ? [geometry.coordinates]
            : geometry.coordinates
        ) as number[][][][];
        const rings = polygons
          .flat()
          .map((ring) =>
            ring.map(([lon = 0, lat = 0]) => [lat, lon]),
          ) as Ring[];
        return neighbourhood(properties.name_vi, ...rings);
      });
      expect(areas).toHaveLength(168);
      expect(areaAt(10.8459, 106.7794, areas)).toMatchObject({
        area: { code: "Phường Tăng Nhơn Phú" },
        outside: false,
      });
      expect(areaAt(9.2, 108.9, areas)).toBeNull();
    });
  },
);
