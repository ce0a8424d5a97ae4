import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testStore, until } from "../support/store.ts";
import { BACKENDS, noBackend, openFleet, type Fleet, type Worker } from "./fleet.ts";

/**
 * Moments in which a worker may stand still. `before-write` stands before the deadline's check: what lies between that check
 * and the write is the remaining window, which is measured and not tried (docs/decisions/0020-what-the-laboratory-shows.md).
 */
const LABELS = ["before-intent", "after-intent", "before-write", "after-answer", "before-confirm", "after-confirm"];
const ACCOUNTS = ["local", "masto", "x", "bsky", "tele", "hook"];
/** The workers' lease is two seconds; everything of it is over by then. */
const STILL_MS = 3_200;

/** Who stands still where, a round each; all of a round at once, each with a process of its own. */
const ROUNDS = {
  postgres: LABELS.map((label) => ACCOUNTS.map((account) => `${account}/${label}`)),
  redis: [["x/before-write", "masto/before-confirm"]],
};

describe.each(BACKENDS)(
  "F5: a worker stopped (SIGSTOP) for longer than its lease while another takes over, queue on %s",
  (backend) => {
    const missing = noBackend(backend);
    if (missing) console.log(`Skipped: ${missing}. npm run test:full installs it on Debian.`);

    describe.skipIf(missing !== undefined)("where it is tried", () => {
      let fleet: Fleet;
      beforeAll(async () => {
        fleet = await openFleet(await testStore(), backend, backend === "redis" ? ["x", "masto"] : ACCOUNTS);
      });
      afterAll(() => fleet[Symbol.asyncDispose]());

      test("once it goes on, nothing is sent a second time", async () => {
        let stops = 0;
        for (const moments of ROUNDS[backend]) {
          await fleet.approved();
          const zombies = moments.map((moment) => fleet.worker(`${moment}#1`, "SIGSTOP", { ONLY: "1" }));
          await until(async () => zombies.every(isStopped));
          stops += zombies.length;
          await new Promise((resolve) => setTimeout(resolve, STILL_MS));
          const successor = fleet.worker();
          await fleet.allPosted();
          for (const { child } of zombies) child.kill("SIGCONT");
          // What they still want to do, they do now.
          await new Promise((resolve) => setTimeout(resolve, 1_500));
          for (const { child } of [...zombies, successor]) child.kill("SIGKILL");
          await Promise.all([...zombies, successor].map(({ ended }) => ended));
        }
        const { faults } = await fleet.verdict("F5", { SIGSTOP: stops });
        expect(faults).toEqual([]);
        const sorted = fleet.windowMs.toSorted((one, other) => one - other);
        const [p50, most] = [sorted[Math.floor(sorted.length / 2)] ?? Infinity, sorted.at(-1) ?? Infinity];
        console.log(
          `${backend}: ${stops} stopped; from check to written p50 ${p50.toFixed(3)} ms, max ${most.toFixed(3)} ms of ${sorted.length}`,
        );
      });
    });
  },
);

/** Whether Linux says that it stands still. */
function isStopped({ child }: Worker): boolean {
  return /\) T /.test(readFileSync(`/proc/${child.pid}/stat`, "utf8"));
}
