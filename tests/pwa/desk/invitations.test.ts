import { expect, test } from "vitest";
import { groupedCode, remaining } from "#lib/ui/joinCodes.ts";
import { fateOf } from "../../../pwa/src/routes/head/invitations/fate.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const row = (change: object) =>
  fateOf(
    {
      id: "i",
      name: null,
      household_label: null,
      role: "resident",
      created_at: "2026-11-01T00:00:00Z",
      expires_at: "2026-12-01T00:00:00Z",
      accepted_at: null,
      revoked_at: null,
      ...change,
    },
    now,
  );

test("an invitation is open until it is used, withdrawn or too old", () => {
  expect(row({})).toBe("open");
  expect(row({ expires_at: "2026-11-21T12:00:00Z" })).toBe("expired");
  expect(row({ revoked_at: "2026-11-02T00:00:00Z" })).toBe("revoked");
});

test("who has joined has joined, however old the paper is", () => {
  expect(
    row({
      accepted_at: "2026-11-02T00:00:00Z",
      expires_at: "2026-11-03T00:00:00Z",
    }),
  ).toBe("accepted");
});

test("a code is read out four letters at a time", () => {
  expect(groupedCode("0MP8V5GF91Z4BNB49MAD")).toBe("0MP8 V5GF 91Z4 BNB4 9MAD");
  expect(groupedCode("0MP8-V5GF-91")).toBe("0MP8 V5GF 91");
});

test("ten minutes count down to nothing and not below", () => {
  expect(remaining(600_000)).toBe("10:00");
  expect(remaining(61_000)).toBe("1:01");
  expect(remaining(400)).toBe("0:01");
  expect(remaining(-5)).toBe("0:00");
});
