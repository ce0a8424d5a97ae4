import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { systemClock } from "../../src/lib/time.ts";
import { ring } from "../../src/queue/ring.ts";
import { until } from "../support/store.ts";
import { backends, said, toyOn } from "./toy.ts";

describe.each(backends)("the bells on $kind", ({ kind }) => {
  const toy = toyOn(kind);

  test("a bell rung in a transaction is heard when it commits", async () => {
    const queue = await toy.queue();
    const heard = new Set<string>();
    queue.serve("post", async (id) => void heard.add(id), { concurrency: 2 });
    await queue.start();
    for (let i = 0; i < 10; i += 1) {
      const id = newId();
      await toy.store.transaction(async (db) => {
        await ring(db, "post", id);
        expect(heard.has(id)).toBe(false);
      });
      await until(async () => heard.has(id));
    }
    await until(async () => (await queue.depth()).post.active === 0);
    expect(await queue.depth()).toMatchObject({
      post: { waiting: 0 },
      delivery: { waiting: 0, active: 0 },
    });
    expect(await queue.trouble()).toBeUndefined();
  });

  test("what was rolled back rings nothing", async () => {
    const queue = await toy.queue();
    const heard: string[] = [];
    queue.serve("post", async (id) => void heard.push(id), { concurrency: 2 });
    await queue.start();
    const never = newId();
    const later = newId();
    await expect(
      toy.store.transaction(async (db) => {
        await ring(db, "post", never);
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    await ring(toy.store, "post", later);
    await until(async () => heard.includes(later));
    expect(heard).toEqual([later]);
  });

  test("a bell doubled fifty times, with ten workers, changes its row once", async () => {
    const queues = await Promise.all([toy.queue(), toy.queue()]);
    let runs = 0;
    for (const queue of queues) {
      const work = async (id: string) => {
        runs += 1;
        await systemClock.sleep(5);
        await toy.finish(id);
      };
      queue.serve("delivery", work, { concurrency: 5 });
      await queue.start();
    }
    const id = await toy.newRow();
    for (let i = 0; i < 50; i += 1) {
      await ring(toy.store, "delivery", id);
      await systemClock.sleep(2);
    }
    await until(async () => (await toy.outboxIsEmpty()) && (await queues[0].depth()).delivery.waiting === 0);
    await Promise.all(queues.map((queue) => queue.drain(5_000)));
    expect(await toy.timesDone(id)).toBe(1);
    expect(runs).toBeGreaterThan(1);
  });

  test("a bell rung while its row is being worked on is heard afterwards", async () => {
    const queue = await toy.queue();
    const first = Promise.withResolvers<void>();
    let runs = 0;
    queue.serve("delivery", () => ((runs += 1) === 1 ? first.promise : Promise.resolve()), {
      concurrency: 4,
    });
    await queue.start();
    const id = newId();
    await ring(toy.store, "delivery", id);
    await until(async () => runs === 1);
    await ring(toy.store, "delivery", id);
    await until(async () => runs === 2);
    first.resolve();
  });

  test("a bell that already waits is not queued again by each sweep", async () => {
    const queue = await toy.queue();
    queue.sweep("delivery", toy.due, 60_000);
    await Promise.all([toy.newRow(), toy.newRow(), toy.newRow()]);
    for (let i = 0; i < 5; i += 1) expect(await queue.sweepNow("delivery")).toBe(3);
    expect((await queue.depth()).delivery.waiting).toBe(3);
  });

  test("a process that stops its queue ends by itself", async () => {
    const child = toy.child("leave");
    await said(child, "started");
    const [code] = (await Promise.race([once(child, "exit"), systemClock.sleep(60_000).then(() => ["still there"])])) as [
      unknown,
    ];
    child.kill("SIGKILL");
    expect(code).toBe(0);
  });

  test("drain waits for what is under way and takes nothing more", async () => {
    const queue = await toy.queue();
    const heard: string[] = [];
    let finished = 0;
    const work = async (id: string, signal: AbortSignal) => {
      heard.push(id);
      await systemClock.sleep(300);
      if (!signal.aborted) finished += 1;
    };
    queue.serve("delivery", work, { concurrency: 2 });
    await queue.start();
    const under = newId();
    await ring(toy.store, "delivery", under);
    await until(async () => heard.length === 1);
    await queue.drain(5_000);
    expect(finished).toBe(1);
    // Somebody else rings: the bell waits for the next worker.
    const other = await toy.queue();
    await other.start();
    await ring(toy.store, "delivery", newId());
    await until(async () => toy.outboxIsEmpty());
    await systemClock.sleep(200);
    expect(heard).toEqual([under]);
    await until(async () => (await other.depth()).delivery.waiting === 1);
  });

  test("stop aborts what is under way, also while it is being drained", async () => {
    const queue = await toy.queue();
    let reason: unknown;
    let atWork = false;
    const work = async (_: string, signal: AbortSignal) => {
      atWork = true;
      await systemClock.sleep(60_000, signal);
      reason = signal.reason;
    };
    queue.serve("delivery", work, { concurrency: 2 });
    await queue.start();
    await ring(toy.store, "delivery", newId());
    await until(async () => atWork);
    const draining = queue.drain(3_600_000);
    await systemClock.sleep(50);
    await queue.stop();
    await draining;
    expect(reason).toMatchObject({ code: "QUEUE_STOPPING" });
  });

  test("a verb that fails does not stop the next", async () => {
    const queue = await toy.queue();
    const heard: string[] = [];
    const work = async (id: string) => {
      heard.push(id);
      if (heard.length === 1) throw new Error("the first one fails");
    };
    queue.serve("review", work, { concurrency: 1 });
    await queue.start();
    const ids = [newId(), newId()];
    for (const id of ids) await ring(toy.store, "review", id);
    await until(async () => heard.length === 2);
    expect(heard.toSorted()).toEqual(ids.toSorted());
  });
});
