import { describe, expect, test } from "vitest";
import { retryAt } from "../../src/lib/retry-after.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const HOUR = 3_600_000;
const http = (ms: number) => new Date(ms).toUTCString();
const waitOf = (headers: Record<string, string>) => {
  const at = retryAt(headers, NOW);
  return at === undefined ? undefined : at - NOW;
};

describe("when a busy server wants to be asked again", () => {
  test.each([
    ["seconds", { "retry-after": "120" }, 120_000],
    ["half a second more", { "retry-after": "1.5" }, 1_500],
    ["a date", { "retry-after": http(NOW + 90_000) }, 90_000],
    ["Mastodon's reset", { "x-ratelimit-reset": "2026-11-23T12:05:00.000000Z" }, 300_000],
    ["a reset in seconds since the epoch", { "x-ratelimit-reset": String(NOW / 1000 + 60) }, 60_000],
    ["both: the later of the two", { "retry-after": "10", "x-ratelimit-reset": "2026-11-23T12:05:00Z" }, 300_000],
    ["what is past means now", { "retry-after": "-5" }, 0],
    ["a reset that is past means now", { "x-ratelimit-reset": "2026-11-23T11:00:00Z" }, 0],
    ["ten years are a day", { "retry-after": "315360000" }, 24 * HOUR],
    ["what cannot be read is not there", { "retry-after": "soon", "x-ratelimit-reset": "2026-11-23T12:05:00Z" }, 300_000],
  ])("%s", (_what, headers, wait) => {
    expect(waitOf(headers)).toBe(wait);
  });

  test.each([
    [{}],
    [{ "retry-after": "" }],
    [{ "retry-after": "soon" }],
    [{ "x-ratelimit-reset": "never" }],
    [{ date: http(NOW) }],
  ])("nothing said: %j", (headers) => {
    expect(waitOf(headers)).toBeUndefined();
  });

  test.each([-3 * HOUR, 3 * HOUR])("moments are the server's, whose clock is %i ms from ours", (skew) => {
    const date = http(NOW + skew);
    expect(waitOf({ date, "retry-after": http(NOW + skew + 60_000) })).toBe(60_000);
    expect(waitOf({ date, "x-ratelimit-reset": new Date(NOW + skew + 60_000).toISOString() })).toBe(60_000);
    expect(waitOf({ date, "retry-after": "60" }), "a number of seconds needs no clock").toBe(60_000);
  });

  test("a date that cannot be read: the clocks are taken to agree", () => {
    expect(waitOf({ date: "yesterday", "retry-after": http(NOW + 60_000) })).toBe(60_000);
  });
});
