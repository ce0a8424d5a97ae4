import { once } from "node:events";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { systemClock } from "../../src/lib/time.ts";
import { ring } from "../../src/queue/ring.ts";
import { until } from "../support/store.ts";
import { noRedis, startRedis } from "./redis.ts";
import { backends, said, toyOn } from "./toy.ts";

describe.each(backends)("when something breaks, on $kind", ({ kind }) => {
  const toy = toyOn(kind);

  test("a flushed queue loses nothing: the sweeper rings again", async () => {
    const relay = await toy.queue();
    await relay.start();
    const ids = await Promise.all(Array.from({ length: 20 }, () => toy.newRow()));
    for (const id of ids) await ring(toy.store, "delivery", id);
    await until(async () => (await relay.depth()).delivery.waiting === 20);
    await toy.flush();
    expect((await relay.depth()).delivery.waiting).toBe(0);
    const queue = await toy.queue();
    queue.serve("delivery", toy.finish, { concurrency: 5 });
    queue.sweep("delivery", toy.due, 200);
    await queue.start();
    await until(async () => (await toy.due(toy.store, 1)).length === 0);
    // And a worker that was waiting when it was flushed still hears.
    await toy.flush();
    const late = await toy.newRow();
    await ring(toy.store, "delivery", late);
    await until(async () => (await toy.timesDone(late)) === 1);
    expect(await Promise.all(ids.map((id) => toy.timesDone(id)))).toEqual(ids.map(() => 1));
  });

  test("a worker killed at work changes nothing: another does its row within seconds", async () => {
    const id = await toy.newRow();
    const child = toy.child("hang");
    const working = said(child, `at work on ${id}`);
    await said(child, "started");
    const queue = await toy.queue();
    queue.serve("delivery", toy.finish, { concurrency: 2 });
    queue.sweep("delivery", toy.due, 500);
    await ring(toy.store, "delivery", id);
    await working;
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await toy.timesDone(id)).toBe(0);
    await queue.start();
    await until(async () => (await toy.timesDone(id)) === 1);
  });

  test("a verb is told to stop when its queue has forgotten it", async () => {
    const queue = await toy.queue({ lockMs: 600 });
    let reason: unknown;
    const work = async (_: string, signal: AbortSignal) => {
      await systemClock.sleep(10_000, signal);
      reason = signal.reason;
    };
    queue.serve("post", work, { concurrency: 1 });
    await queue.start();
    await ring(toy.store, "post", newId());
    await until(async () => (await queue.depth()).post.active === 1);
    await toy.flush();
    await until(async () => reason !== undefined);
    expect(reason).toMatchObject({ code: "QUEUE_LOCK_LOST" });
  });

  test("the job of a killed worker is cleared away, not run again", async () => {
    const child = toy.child("hang", 300);
    const id = newId();
    const working = said(child, `at work on ${id}`);
    await said(child, "started");
    await ring(toy.store, "delivery", id);
    await working;
    // A crash before the relay's commit would ring a second time, as it may.
    await until(() => toy.outboxIsEmpty());
    child.kill("SIGKILL");
    await once(child, "exit");
    const heard: string[] = [];
    const queue = await toy.queue({ lockMs: 300 });
    queue.serve("delivery", async (subject) => void heard.push(subject), { concurrency: 1 });
    await queue.start();
    expect((await queue.depth()).delivery.active).toBe(1);
    // On Redis a stalled job passes through waiting on its way out.
    await until(async () => {
      const { active, waiting } = (await queue.depth()).delivery;
      return active === 0 && waiting === 0;
    });
    expect(heard).toEqual([]);
  });

  test("connections that break are made again, and bells are heard again", async () => {
    const queue = await toy.queue();
    queue.serve("delivery", toy.finish, { concurrency: 2 });
    queue.sweep("delivery", toy.due, 500);
    await queue.start();
    await systemClock.sleep(300);
    if (toy.redis === undefined) {
      await toy.store.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      );
    } else {
      await toy.redis.stop();
      expect(await queue.trouble()).toMatch(/does not answer|has not answered/);
      await systemClock.sleep(1_500);
      await toy.redis.start();
    }
    const id = await toy.newRow();
    await until(async () =>
      ring(toy.store, "delivery", id).then(
        () => true,
        () => false,
      ),
    );
    await until(async () => (await toy.timesDone(id)) === 1);
    expect(await queue.trouble()).toBeUndefined();
  });
});

describe("at start", () => {
  const toy = toyOn("postgres");

  test("processes that start at once all find BullMQ's tables", async () => {
    await toy.store.query("drop schema bullmq cascade");
    const queues = await Promise.all([toy.queue(), toy.queue(), toy.queue()]);
    expect(await Promise.all(queues.map((queue) => queue.trouble()))).toEqual([undefined, undefined, undefined]);
  });

  test("a Redis that may throw bells away is refused, and told what to set", async ({ skip }) => {
    skip(noRedis !== undefined, noRedis);
    const evicting = await startRedis("--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru");
    try {
      const refused = {
        code: "QUEUE_REDIS_EVICTS",
        message: expect.stringMatching(/Set maxmemory-policy to noeviction/),
      };
      await expect(toy.queue({ redisUrl: evicting.url })).rejects.toMatchObject(refused);
    } finally {
      await evicting.remove();
    }
  });

  test("a Redis that is not there is named without its password", async () => {
    const refused: unknown = await toy.queue({ redisUrl: "redis://desk:hunter2@127.0.0.1:1" }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "QUEUE_REDIS_UNREACHABLE",
      message: expect.stringContaining("127.0.0.1:1"),
    });
    expect(inspect(refused, { depth: 9 })).not.toContain("hunter2");
    await expect(toy.queue({ redisUrl: "localhost:6379" })).rejects.toMatchObject({
      code: "QUEUE_REDIS_URL",
    });
  });

  test("a Redis that refuses our password says so, without it", async ({ skip }) => {
    skip(noRedis !== undefined, noRedis);
    const guarded = await startRedis("--requirepass", "sesame");
    try {
      const refused: unknown = await toy
        .queue({ redisUrl: guarded.url.replace("//", "//:hunter2@") })
        .catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: "QUEUE_REDIS_UNREACHABLE",
        message: expect.stringMatching(/WRONGPASS|NOAUTH/),
      });
      expect(inspect(refused, { depth: 9 })).not.toContain("hunter2");
    } finally {
      await guarded.remove();
    }
  });
});
