import { beforeAll, expect, test } from "vitest";
import { testStore, type TestStore } from "../support/store.ts";
import { toldBy } from "./rounds.ts";
import { seedAsked } from "./seed.ts";
import { simulated } from "./sim/patient.ts";
import { openRunStore } from "./sim/store.ts";
import { tell } from "./tally.ts";

let store: TestStore;
beforeAll(async () => {
  store = await testStore();
});

/** Runs in `npm test`, and in the full run. */
const RUNS = process.env.FULL ? 40 : 2;

test("whatever is lost, killed, stopped or delayed: each approved post is there once, or its row says why not", async () => {
  const first = seedAsked();
  let accepted = 0;
  console.log(`seeds ${first} to ${first + RUNS - 1}`);
  for (let seed = first; seed < first + RUNS; seed += 1) {
    const run = await simulated(() => openRunStore(store.connection), seed);
    tell(toldBy(run));
    accepted += run.accepted;
    if (run.faults.length > 0) console.log(`seed ${seed}\n${await run.stories()}`);
    expect({ seed, faults: run.faults }).toEqual({ seed, faults: [] });
  }
  // Nobody who only waits breaks anything.
  expect(accepted).toBeGreaterThan(RUNS);
});
