import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flush } from "../queue/redis.ts";
import { testStore, type TestStore } from "../support/store.ts";
import { noBackend, openFleet, type Fleet } from "./fleet.ts";

const missing = noBackend("redis");
if (missing) console.log(`Skipped: ${missing}. npm run test:full installs it on Debian.`);
/** Stories with two posts each. A thousand deliveries are in f07-thousand.test.ts. */
const STORIES = 100;
/** How long Redis is away: longer than any time-out of ours. */
const AWAY_MS = 30_000;

/** An evicting Redis is refused at start: test/queue/faults.test.ts. */
describe.skipIf(missing !== undefined)("F7: Redis forgets everything, is killed without persistence, and stays away", () => {
  let store: TestStore;
  let fleet: Fleet;
  beforeAll(async () => {
    store = await testStore();
    fleet = await openFleet(store, "redis", ["masto", "local"]);
  });
  afterAll(() => fleet[Symbol.asyncDispose]());

  const posted = async () =>
    (await store.query<{ n: number }>("select count(*) as n from slugline.delivery where state = 'posted'")).rows[0]!.n;
  async function reached(count: number): Promise<void> {
    while ((await posted()) < count) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  test("the rows are swept: every approved post is posted once", async () => {
    const posts = await fleet.approved(STORIES);
    const workers = [fleet.worker(), fleet.worker()];
    // At its start a Redis that is away is a fault to be told; later it is one to be waited out.
    await Promise.all(workers.map(({ ready }) => ready));
    await reached(Math.floor(posts.length / 4));
    await flush(store, fleet.redis!.url);
    await reached(Math.floor(posts.length / 2));
    await fleet.redis!.stop();
    await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
    await fleet.redis!.start();
    await fleet.allPosted();
    expect(workers.map(({ child }) => child.exitCode ?? child.signalCode)).toEqual([null, null]);
    const { faults, endings } = await fleet.verdict("F7", { FLUSHALL: 1, "Redis killed": 1 });
    expect(faults).toEqual([]);
    expect([...endings.values()].filter((ending) => ending === "posted")).toHaveLength(posts.length);
  });
});
