import { afterAll, beforeEach, expect, test } from "vitest";
import { openDesk } from "../support/desk.ts";
import { testStore } from "../support/store.ts";
import { webhookBench } from "../support/webhook-bench.ts";
import type { WireFault } from "../support/wire.ts";

const bench = await webhookBench();
const { network, account } = bench;
const desk = await openDesk(await testStore(), {
  networks: [{ ...network, publish: (_account, ...more) => network.publish(account, ...more) }],
});
await desk.account({ name: "hook-en", network: "webhook" });
afterAll(async () => {
  await desk.close();
  await bench.close();
});
beforeEach(() => {
  bench.standIn.accepted.length = 0;
  bench.standIn.clearFaults();
});

async function deliver(): Promise<string> {
  const story = await desk.story();
  const post = story.posts["hook-en"]!;
  await desk.approve(post);
  return desk.deliver(post);
}

test.each([
  "reset-after-accept",
  "reset-before-accept",
  { status: 502, accept: true },
  { status: 503, accept: true },
  307,
] as WireFault[])(
  "an answer that is lost (%j): sent again by itself, the same bytes under the same id, and there once",
  async (fault) => {
    bench.standIn.next(fault, 2);
    expect(await deliver()).toBe("posted");
    expect(bench.standIn.accepted).toHaveLength(1);
    expect(new Set(bench.standIn.accepted[0]!.bodies).size).toBe(1);
  },
);

test.each([
  [410, "locked-out"],
  [422, "refused"],
] as const)("a %i: %s, and not sent again", async (status, state) => {
  const before = bench.standIn.requests.length;
  bench.standIn.next(status);
  expect(await deliver()).toBe(state);
  expect(bench.standIn.requests.length - before).toBe(1);
  expect(bench.standIn.accepted).toEqual([]);
  await desk.deps.store.query("update slugline.account set state = 'active'");
});
