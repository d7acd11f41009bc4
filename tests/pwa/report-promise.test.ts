import { expect, it } from "vitest";
import { promiseIn } from "../../pwa/src/routes/(resident)/report/promise.ts";

const city = { id: "city", parent_id: null };
const ward = { id: "ward", parent_id: "city" };
const here = { id: "here", parent_id: "ward" };
const known = [city, ward, here];
const times = (accept_minutes: number) => ({
  accept_minutes,
  accept_always: true,
  solve_minutes: 240,
  solve_always: true,
  escalate_minutes: 60,
});
const category = {
  accept_hours: 8,
  accept_always: false,
  solve_hours: 48,
  solve_always: false,
  clocks: {},
};

it("is the category's own where no area promises anything else", () => {
  expect(promiseIn(category, here, known)).toEqual({
    accept_minutes: 480,
    accept_always: false,
    solve_minutes: 2880,
    solve_always: false,
  });
  expect(promiseIn(category, undefined, known).accept_minutes).toBe(480);
});

it("is the nearest area's", () => {
  const clocks = { city: times(3), ward: times(2), elsewhere: times(9) };
  expect(promiseIn({ ...category, clocks }, here, known)).toEqual(times(2));
  expect(promiseIn({ ...category, clocks }, city, known)).toEqual(times(3));
});

it("is what a copy from before knew", () => {
  const old = { accept_hours: 8, solve_hours: 48 } as typeof category;
  expect(promiseIn(old, here, known).accept_always).toBe(true);
});
