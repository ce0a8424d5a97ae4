import { expect, test } from "vitest";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { createSweeper } from "../../src/queue/sweeper.ts";
import { testStore } from "../support/store.ts";

/** A sweeper over rows that stay due, and a queue in which as many bells wait as the test says. */
async function stand() {
  const it = { now: 0, due: ["one", "two"], waiting: 0, rung: [] as string[] };
  const sweeper = createSweeper({
    store: await testStore(),
    add: async (_, subjects) => void it.rung.push(...subjects),
    waiting: async () => it.waiting,
    clock: { ...systemClock, monotonic: () => it.now },
    random: () => 0.5,
    log: silentLog,
  });
  sweeper.sweep("delivery", async () => it.due, 1_000);
  const sweep = async (at: number) => {
    it.now = at;
    it.rung = [];
    await sweeper.sweepNow("delivery");
    return it.rung;
  };
  return { it, sweep };
}

test("nothing waits: whatever is due is rung for at every sweep", async () => {
  const { sweep } = await stand();
  expect(await sweep(0)).toEqual(["one", "two"]);
  expect(await sweep(1_000)).toEqual(["one", "two"]);
});

test("while bells wait, a row is rung for once in five seconds, and a new one at once", async () => {
  const { it, sweep } = await stand();
  await sweep(0);
  it.waiting = 2;
  expect(await sweep(1_000)).toEqual([]);
  it.due = ["one", "two", "three"];
  expect(await sweep(2_000)).toEqual(["three"]);
  expect(await sweep(5_000)).toEqual(["one", "two"]);
  expect(await sweep(7_000)).toEqual(["three"]);
});

test("a queue that was flushed is rung full again at once", async () => {
  const { it, sweep } = await stand();
  it.waiting = 2;
  await sweep(0);
  it.waiting = 0;
  expect(await sweep(1_000)).toEqual(["one", "two"]);
});
