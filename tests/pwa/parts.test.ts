import { describe, expect, test } from "vitest";
import { partOf } from "../../pwa/src/service-worker/parts.ts";

const bytes = Uint8Array.from({ length: 100 }, (_, at) => at);
const whole = () =>
  new Response(bytes, {
    headers: { "content-type": "audio/mp4", "content-length": "100" },
  });
const asked = async (range: string | null) => {
  const part = await partOf(whole(), range);
  return {
    status: part.status,
    range: part.headers.get("content-range"),
    length: part.headers.get("content-length"),
    bytes: [...new Uint8Array(await part.arrayBuffer())],
  };
};

describe("a voice note kept on the phone", () => {
  test.each([
    ["bytes=0-1", 0, 2],
    ["bytes=0-", 0, 100],
    ["bytes=90-200", 90, 100],
    ["bytes=-5", 95, 100],
  ])("gives the part Safari asks for: %s", async (range, start, end) => {
    expect(await asked(range)).toEqual({
      status: 206,
      range: `bytes ${start}-${end - 1}/100`,
      length: String(end - start),
      bytes: [...bytes.slice(start, end)],
    });
  });

  test.each([null, "bytes=-", "lines=1-2", "bytes=0-1,3-4"])(
    "is given whole to who asks for %s",
    async (range) => {
      expect((await asked(range)).status).toBe(200);
    },
  );

  test("has nothing behind its end", async () => {
    expect(await asked("bytes=100-")).toMatchObject({
      status: 416,
      range: "bytes */100",
    });
  });
});
