import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { STAGES, openThreadDesk, type ThreadDesk } from "../support/thread-desk.ts";
import type { WireFault } from "../support/wire.ts";

const SHORT: readonly WireFault[] = ["reset-after-accept"];
const LONG: readonly WireFault[] = [
  ...SHORT,
  422,
  "reset-before-accept",
  { status: 504, accept: true },
  "hang-before-accept",
  "hang-after-accept",
  "truncated-json",
  "html-200",
  "empty-200",
  "json-without-id",
  401,
  408,
  429,
  500,
  503,
];
const FAULTS = process.env["FULL"] ? LONG : SHORT;
const PARTS = ["Two: the bridge is old.", "Three: it sways.", "Four: it is mended.", "Five: it opens."];

describe.each(Object.keys(STAGES).slice(0, process.env["FULL"] ? undefined : 1))(
  "F23 on %s: a thread of five whose third part fails",
  (name) => {
    let at: ThreadDesk;
    beforeAll(async () => void (at = await openThreadDesk(name)));
    afterAll(() => at[Symbol.asyncDispose]());

    test.each(FAULTS)("by %j: it goes on at the third, and nothing is said twice or alone", async (fault) => {
      const tag = `${JSON.stringify(fault)} on ${name}`;
      const ids = await at.thread(PARTS.map((text) => `${text} (${tag})`));
      const before = at.standing().length;
      await at.desk.approve(ids[0]!);
      for (const id of ids.slice(0, 2)) expect(await at.desk.deliver(id), "parts 1 and 2").toBe("posted");
      at.next(fault);
      let states = await at.run(ids);
      for (let times = 0; times < 3 && states.some((state) => state !== "posted"); times += 1) {
        expect(states.slice(0, 2)).toEqual(["posted", "posted"]);
        expect(states.slice(3), "nothing overtakes the part that failed").toEqual(["due", "due"]);
        await at.mend(ids[2]!);
        states = await at.run(ids);
      }
      expect(states).toEqual(Array(5).fill("posted"));
      const there = at.standing().slice(before);
      expect(there).toHaveLength(5);
      expect(there.slice(1).map(({ text }) => text)).toEqual(PARTS.map((text) => `${text} (${tag})`));
      expect(there.map(({ parent }) => parent)).toEqual([null, ...there.slice(0, 4).map(({ id }) => id)]);
    });
  },
);
