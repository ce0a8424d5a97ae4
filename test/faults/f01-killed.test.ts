import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testStore } from "../support/store.ts";
import { BACKENDS, noBackend, openFleet, type Fleet } from "./fleet.ts";

/** Every labelled moment on a delivery's way, in order. */
const LABELS = [
  "before-intent",
  "after-intent",
  "before-write",
  "after-answer",
  "before-confirm",
  "after-confirm",
  "before-look",
  "after-look",
];
const ACCOUNTS = ["local", "masto", "x", "bsky", "tele", "hook"];
/** Every driver; with the queue on Redis, one that is looked for and one that is asked about. */
const VICTIMS = { postgres: ACCOUNTS, redis: ["masto", "tele"] };

describe.each(BACKENDS)("F1: a worker killed (SIGKILL) at each moment of a delivery, with the queue on %s", (backend) => {
  const missing = noBackend(backend);
  if (missing) console.log(`Skipped: ${missing}. npm run test:full installs it on Debian.`);
  const victims = VICTIMS[backend];

  describe.skipIf(missing !== undefined)("where it is installed", () => {
    let fleet: Fleet;
    beforeAll(async () => {
      fleet = await openFleet(await testStore(), backend, victims);
    });
    afterAll(() => fleet[Symbol.asyncDispose]());

    /** Runs a worker, for this account alone, until it has ended itself at this very moment. */
    async function diesAt(moment: string): Promise<void> {
      const { child, hit, ended } = fleet.worker(moment, "SIGKILL", { ONLY: "1" });
      const patience = setTimeout(() => child.kill("SIGTERM"), 300_000);
      const signal = await ended;
      clearTimeout(patience);
      expect({ moment, signal }).toEqual({ moment, signal: "SIGKILL" });
      await hit;
    }

    test("every post stands exactly once, on every network", async () => {
      let posts = 0;
      for (const label of LABELS) {
        posts += (await fleet.approved()).length;
        await Promise.all(
          victims.map(async (victim) => {
            // A look is only taken where an answer was lost, or whoever was sending died before.
            const look = label.endsWith("look");
            if (look && victim === "masto") fleet.six.next(victim, "reset-after-accept-key-lost");
            else if (look) await diesAt(`${victim}/after-intent#1`);
            await diesAt(`${victim}/${label}#1`);
          }),
        );
      }
      fleet.worker();
      const asked = await fleet.allPosted();
      const { faults, endings } = await fleet.verdict("F1", { SIGKILL: LABELS.length * victims.length });
      expect(faults).toEqual([]);
      expect([...endings.values()].filter((ending) => ending === "posted")).toHaveLength(posts);
      console.log(
        `${backend}: ${LABELS.length * victims.length} kills, ${posts} posts once each, ${asked} asked of a person (Telegram)`,
      );
    });
  });
});
