import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testStore } from "../support/store.ts";
import { BACKENDS, noBackend, openFleet, type Fleet } from "./fleet.ts";

/** Longer than the workers' lease of two seconds. */
const BLOCKED_MS = 3_500;
const MOMENTS = ["after-intent", "before-write", "after-answer", "before-confirm"];

/** To the others a blocked process is a stopped one, as in F5. Feeds are parsed in a thread of their own with a time-out: test/article/parser.test.ts. */
describe.each(BACKENDS)("F22: a worker whose event loop is blocked for longer than its lease, queue on %s", (backend) => {
  const missing = noBackend(backend);
  if (missing) console.log(`Skipped: ${missing}.`);

  describe.skipIf(missing !== undefined)("where it is tried", () => {
    let fleet: Fleet;
    beforeAll(async () => {
      fleet = await openFleet(await testStore(), backend, ["x", "masto"]);
    });
    afterAll(() => fleet[Symbol.asyncDispose]());

    test.each(MOMENTS)("sends nothing that another took over (%s)", async (label) => {
      await fleet.approved();
      const blocked = fleet.worker(`x/${label}#1`, `block:${BLOCKED_MS}`, { ONLY: "1" });
      await blocked.hit;
      const successor = fleet.worker();
      await fleet.allPosted();
      // It goes on, and is still there.
      await new Promise((resolve) => setTimeout(resolve, BLOCKED_MS));
      expect(blocked.child.exitCode ?? blocked.child.signalCode).toBeNull();
      for (const { child, ended } of [blocked, successor]) {
        child.kill("SIGTERM");
        await ended;
      }
      const { faults } = await fleet.verdict("F22", { "event loop blocked": 1 });
      expect(faults).toEqual([]);
    });
  });
});
