import { expect, test } from "vitest";
import { codeIn } from "../../../pwa/src/routes/join/code.ts";
import { deviceLabel } from "../../../pwa/src/routes/join/deviceLabel.ts";

const code = "0MP8V5GF7XKQ2R3T4W6Y";

test("an invitation is read from the whole link, wherever it was copied from", () => {
  expect(codeIn(`https://khupho.example/join#${code}`)).toBe(code);
  expect(codeIn(`#${code}`)).toBe(code);
  expect(codeIn(`https://khupho.example/join#0MP8%20V5GF-7XKQ2R3T4W6Y`)).toBe(
    code,
  );
});

test("an invitation typed from paper is read as it comes: small letters, spaces, dashes", () => {
  expect(codeIn("0mp8 v5gf 7xkq 2r3t 4w6y")).toBe(code);
  expect(codeIn("0MP8-V5GF-7XKQ-2R3T-4W6Y")).toBe(code);
});

test("letters that look like digits are read as those digits", () => {
  expect(codeIn("oMP8V5GF7XKQ2R3T4W6l")).toBe("0MP8V5GF7XKQ2R3T4W61");
});

test("what is no invitation is not sent to the server", () => {
  expect(codeIn("")).toBe("");
  expect(codeIn("hello")).toBe("");
  expect(codeIn("0MP8V5GF7XKQ2R!")).toBe("");
  expect(codeIn("Xin chào bà con khu phố")).toBe("");
});

test("a device is named as its owner knows it", () => {
  const android =
    "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36";
  const ipad =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15";
  expect(deviceLabel(android)).toBe("Android · Chrome");
  expect(deviceLabel(ipad, 5)).toBe("iPad · Safari");
  expect(deviceLabel(ipad, 0)).toBe("Mac · Safari");
  expect(deviceLabel("")).toBe("Web");
});
