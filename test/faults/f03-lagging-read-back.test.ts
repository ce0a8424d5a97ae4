import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testStore, type TestStore } from "../support/store.ts";
import { dice, seedAsked } from "./seed.ts";
import { openSixDesk } from "./six-desk.ts";
import { tell } from "./tally.ts";

let store: TestStore;
let at: Awaited<ReturnType<typeof openSixDesk>>;
beforeAll(async () => {
  store = await testStore();
  at = await openSixDesk(store);
});
afterAll(() => at[Symbol.asyncDispose]());
beforeEach(async () => {
  at.six.mastodon.clearFaults();
  at.six.x.clearFaults();
  at.six.mastodon.lagMs = 0;
  at.six.x.lagReads = 0;
  await store.query("truncate slugline.brake");
});

const seed = seedAsked();
const TRIES = process.env.FULL ? 20 : 2;

test.each(["masto", "x"] as const)(
  "F3: %s took the post, its answer is lost and its own list lags up to two minutes: nothing is sent a second time",
  async (account) => {
    console.log(`seed ${seed}`);
    const chance = dice(seed);
    for (let nth = 0; nth < TRIES; nth += 1) {
      const server = account === "masto" ? at.six.mastodon : at.six.x;
      const lag = chance.between(0, 120_000);
      at.six.mastodon.lagMs = lag;
      // X's stand-in counts looks: from a minute on they come every five seconds.
      at.six.x.lagReads = Math.max(0, Math.ceil((lag - 60_000) / 5_000));
      if (chance.chance(0.5)) server.next(500, chance.between(1, 3), "read");
      if (chance.chance(0.3)) server.next({ status: 429, headers: { "retry-after": "5" } }, 1, "read");
      const { post, copies } = await at.approved(account);
      at.six.next(account, "reset-after-accept");
      const state = await at.untilRest(post, 150, "5s");
      expect({ seed, lag, state, copies: copies() }).toEqual({ seed, lag, state: "posted", copies: 1 });
      server.clearFaults();
    }
    tell({ part: "F3", runs: 1, faults: { "read-back lags": TRIES }, deliveries: TRIES, accepted: TRIES });
  },
);

test("F3: a list that never can be read: it stays unknown, then a person is asked, and nothing is sent again", async () => {
  at.six.mastodon.next("reset-after-accept");
  at.six.mastodon.next(500, 10_000, "read");
  const { post, copies } = await at.approved("masto");
  expect(await at.untilRest(post, 150, "1m")).toBe("asked");
  expect(await at.desk.row(post)).toMatchObject({ attempts: 1 });
  expect(copies()).toBe(1);
});
