import { beforeEach, expect, test, vi } from "vitest";
import {
  commandOf,
  keys,
} from "../../../pwa/src/routes/desk/parts/keys.svelte.ts";

class Element {
  readonly inside: string;
  constructor(inside = "") {
    this.inside = inside;
  }
  closest(selector: string): Element | null {
    return this.inside !== "" && selector.split(", ").includes(this.inside)
      ? this
      : null;
  }
}
vi.stubGlobal("HTMLElement", Element);

const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
  commandOf({ key, code: "", target: new Element(), ...more } as KeyboardEvent);

beforeEach(() => {
  keys.on = true;
});

test("letters, slash and question mark are commands", () => {
  expect(press("j")).toBe("j");
  expect(press("A")).toBe("a");
  expect(press("/")).toBe("/");
  expect(press("?")).toBe("?");
});

test("a Persian keyboard has the same keys in the same places", () => {
  expect(press("ت", { code: "KeyJ" })).toBe("j");
  expect(press("ش", { code: "KeyA" })).toBe("a");
  expect(press("؟", { code: "Slash" })).toBe("?");
});

test("whoever types, or uses the browser's own shortcuts, gives no command", () => {
  for (const inside of ["input", "textarea", "select", "dialog"]) {
    expect(press("a", { target: new Element(inside) as never }), inside).toBe(
      null,
    );
  }
  expect(press("a", { ctrlKey: true })).toBe(null);
  expect(press("r", { metaKey: true })).toBe(null);
  expect(press("Tab", { code: "Tab" })).toBe(null);
});

test("the keys can be turned off", () => {
  keys.on = false;
  expect(press("a")).toBe(null);
});
