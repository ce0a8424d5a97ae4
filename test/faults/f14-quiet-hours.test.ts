import { describe, expect, test } from "vitest";
import { quietUntil, windowsAt } from "../../src/delivery/allowance.ts";
import { momentAt, wallTime } from "../../src/lib/zone.ts";

/** F14: clocks that go forward and back. What is skipped is when they go on; what comes twice is the first. */
const CHANGES = [
  { zone: "Europe/Berlin", forward: "2026-03-29", at: "2026-03-29T01:00:00Z", back: "2026-10-25", first: "2026-10-25T00:30:00Z" },
  { zone: "Europe/Berlin", forward: "2027-03-28", at: "2027-03-28T01:00:00Z", back: "2027-10-31", first: "2027-10-31T00:30:00Z" },
  {
    zone: "America/New_York",
    forward: "2026-03-08",
    at: "2026-03-08T07:00:00Z",
    back: "2026-11-01",
    first: "2026-11-01T05:30:00Z",
  },
  {
    zone: "America/New_York",
    forward: "2027-03-14",
    at: "2027-03-14T07:00:00Z",
    back: "2027-11-07",
    first: "2027-11-07T05:30:00Z",
  },
] as const;

describe.each(CHANGES)("the clocks of $zone on $forward and $back", ({ zone, forward, at, back, first }) => {
  // In New York the hour from one to two comes twice, in Berlin the one from two to three.
  const twice = zone === "Europe/Berlin" ? "02:30" : "01:30";
  const until = (now: string, from: string, to: string) => quietUntil(new Date(now), { from, to }, zone)?.toISOString() ?? null;
  const iso = (moment: string) => new Date(moment).toISOString();
  const plus = (moment: string, minutes: number) => new Date(Date.parse(moment) + minutes * 60_000).toISOString();

  test("a schedule for 02:30 in the hour that is skipped is for the moment they go forward; in the hour that comes twice, for the first", () => {
    expect(momentAt(`${forward}T02:30`, zone)?.toISOString()).toBe(iso(at));
    expect(momentAt(`${back}T${twice}`, zone)?.toISOString()).toBe(iso(first));
  });

  test("quiet hours that end at 02:30 in the hour that is skipped end when it is skipped", () => {
    expect(until(plus(at, -60), "23:00", "02:30")).toBe(iso(at));
    expect(until(at, "23:00", "02:30")).toBeNull();
  });

  test("quiet hours that begin at 02:30 in the hour that is skipped begin when it is skipped", () => {
    expect(until(plus(at, -1), "02:30", "05:00")).toBeNull();
    expect(until(at, "02:30", "05:00")).toBe(plus(at, 120));
  });

  test("quiet hours from 02:10 to 02:50 do not come on a day that skips them", () => {
    for (let minute = -120; minute <= 120; minute += 5) expect(until(plus(at, minute), "02:10", "02:50")).toBeNull();
  });

  test("quiet hours that end in the hour that comes twice end once, at the first", () => {
    expect(until(plus(first, -1), "23:00", twice)).toBe(iso(first));
    // The clocks show a time before the end again, and yet it is not quiet again.
    for (let minute = 0; minute <= 120; minute += 5) expect(until(plus(first, minute), "23:00", twice)).toBeNull();
  });

  test("a day is 23 and 25 hours long, and its cap with it", () => {
    const hours = (date: string) => {
      const { day, nextDay } = windowsAt(momentAt(`${date}T12:00`, zone)!, zone);
      return (nextDay.getTime() - day.getTime()) / 3_600_000;
    };
    expect([hours(forward), hours(back)]).toEqual([23, 25]);
  });
});

describe("the days and months that are counted over", () => {
  test("a leap day is a day, and February ends with it", () => {
    const { day, nextDay, month, nextMonth } = windowsAt(new Date("2028-02-29T10:00:00Z"), "Asia/Damascus");
    expect([day, nextDay, month, nextMonth].map((moment) => wallTime(moment, "Asia/Damascus"))).toEqual([
      "2028-02-29T00:00",
      "2028-03-01T00:00",
      "2028-02-01T00:00",
      "2028-03-01T00:00",
    ]);
  });

  test("at half hours all over two years, in six zones, now is in its day and its month, and quiet hours end in the future", () => {
    const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo"];
    const step = (process.env["FULL"] ? 7 : 53) * 1_800_000;
    const wrong: string[] = [];
    for (const zone of zones)
      for (let at = Date.parse("2026-01-01T00:00Z"); at < Date.parse("2028-01-01T00:00Z"); at += step) {
        const now = new Date(at);
        const { day, nextDay, month, nextMonth } = windowsAt(now, zone);
        const within = day <= now && now < nextDay && month <= day && nextDay <= nextMonth;
        const until = quietUntil(now, { from: "22:00", to: "07:00" }, zone);
        const wall = wallTime(now, zone).slice(11);
        const quiet = wall >= "22:00" || wall < "07:00";
        const ends = until ? quiet && until > now && until.getTime() - at <= 10 * 3_600_000 : !quiet;
        if (!within || !ends) wrong.push(`${zone} ${now.toISOString()}`);
      }
    expect(wrong).toEqual([]);
  });
});
