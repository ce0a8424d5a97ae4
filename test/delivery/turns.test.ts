import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deliver } from "../../src/delivery/deliver.ts";
import { dueBreaking, dueDeliveries } from "../../src/delivery/due.ts";
import { createRounds } from "../../src/delivery/rounds.ts";
import { createTurns } from "../../src/delivery/turns.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import type { Network } from "../../src/networks/network.ts";
import { createQueue, type Queue } from "../../src/queue/queue.ts";
import { ring } from "../../src/queue/ring.ts";
import { listen } from "../../src/store/listen.ts";
import { openDesk } from "../support/desk.ts";
import { testStore, until, type TestStore } from "../support/store.ts";
import { noRedis, startRedis, type RedisServer } from "../queue/redis.ts";

/** A network that answers nobody until it is let go, and tells who came when. */
function heldNetwork(name: string) {
  const order: string[] = [];
  let [inHand, most] = [0, 0];
  const held: (() => void)[] = [];
  let open = false;
  const letOneGo = () => held.shift()?.();
  const letGo = () => {
    open = true;
    for (const go of held.splice(0)) go();
  };
  const network: Network = {
    name,
    promise: "asked",
    settleMs: 0,
    keyMs: 0,
    usual: { max: 500, unit: "grapheme", perLink: null },
    limits: async () => network.usual,
    verify: async () => ({ ok: true, id: null, handle: null, endsAt: null, why: null }),
    async publish(_account, _post, key, signal) {
      order.push(key.text);
      most = Math.max(most, (inHand += 1));
      if (!open)
        await new Promise<void>((resolve) => void (held.push(resolve), signal.addEventListener("abort", () => resolve())));
      inHand -= 1;
      return signal.aborted ? { kind: "unknown", why: "hung" } : { kind: "posted", id: key.idempotency, url: null };
    },
  };
  return { network, order, most: () => most, inHand: () => inHand, letOneGo, letGo };
}

const backends = [{ kind: "postgres" as const }, ...(noRedis === undefined ? [{ kind: "redis" as const }] : [])];

describe.each(backends)("one account's trouble and breaking news on $kind", ({ kind }) => {
  const hung = heldNetwork("hung");
  const slow = heldNetwork("slow");
  const quick = heldNetwork("quick");
  quick.letGo();
  let store: TestStore;
  let desk: Awaited<ReturnType<typeof openDesk>>;
  let redis: RedisServer | undefined;
  let queue: Queue | undefined;

  beforeAll(async () => {
    store = await testStore();
    redis = kind === "redis" ? await startRedis() : undefined;
    desk = await openDesk(store, { networks: [hung.network, slow.network, quick.network] });
    for (const { network } of [hung, slow, quick]) await desk.account({ name: network.name, network: network.name });
  });
  afterAll(async () => {
    await queue?.stop();
    await redis?.stop();
    await desk.close();
  });

  /** As the whole program works. */
  async function start(): Promise<Queue> {
    const made = await createQueue({
      redisUrl: redis?.url,
      connection: store.connection,
      store,
      listen,
      log: silentLog,
      clock: systemClock,
    });
    const [turns, rounds] = [createTurns(), createRounds(desk.deps)];
    made.serve("delivery", (id, signal) => deliver(desk.deps, id, signal, turns, rounds), { concurrency: 16 });
    made.sweep("delivery", dueDeliveries, undefined, dueBreaking);
    await made.start();
    return made;
  }

  /** Every bell about a delivery is heard, and all but the four in hand are remembered. */
  async function allHeard(): Promise<boolean> {
    if ((await store.query("select from slugline.outbox")).rows.length > 0) return false;
    const { waiting, active } = (await queue!.depth()).delivery;
    return waiting === 0 && active === 4;
  }

  const stories: Record<string, string>[] = [];
  /** Posts of one account, approved. */
  async function approved(account: string, count: number): Promise<string[]> {
    while (stories.length < count) stories.push((await desk.story()).posts);
    const posts = stories.slice(0, count).map((story) => story[account]!);
    for (const post of posts) await desk.approve(post);
    return posts;
  }

  test("breaking news that comes last passes the long line before it", async () => {
    const line = await approved("slow", 20);
    const { posts } = await desk.story({ title: "The dam holds" });
    await store.query("update slugline.post set priority = 'breaking' where id = $1", [posts["slow"]]);
    queue = await start();
    await until(async () => slow.inHand() === 4);
    await desk.approve(posts["slow"]!);
    await until(allHeard);
    // Whoever of the four ends first takes it up.
    slow.letOneGo();
    await until(async () => slow.order.length > 4);
    expect(slow.order[4]).toContain("The dam holds");
    slow.letGo();
    await until(async () => slow.order.length === line.length + 1);
    expect(slow.most()).toBe(4);
  });

  test("a bell about breaking news is heard before all that wait, whatever they are about", async () => {
    const { posts } = await desk.story({ title: "The dam holds, again" });
    await store.query("update slugline.post set priority = 'breaking' where id = $1", [posts["slow"]]);
    const heard: string[] = [];
    const may = Promise.withResolvers<void>();
    const other = await createQueue({
      redisUrl: redis?.url,
      connection: store.connection,
      store,
      listen,
      log: silentLog,
      clock: systemClock,
    });
    other.serve("review", async (id) => void (heard.push(id), await may.promise), { concurrency: 1 });
    await other.start();
    await store.transaction(async (db) => {
      for (let n = 0; n < 60; n += 1) await ring(db, "review", newId());
    });
    await until(async () => heard.length === 1 && (await other.depth()).review.waiting === 59);
    await ring(store, "review", posts["slow"]!);
    await until(async () => (await other.depth()).review.waiting === 60);
    may.resolve();
    await until(async () => heard.length === 61);
    await other.stop();
    expect(heard.indexOf(posts["slow"]!)).toBe(1);
  });

  test("twenty posts for a server that hangs keep four hands busy, and the others' go out meanwhile", async () => {
    const line = await approved("hung", 20);
    await until(async () => hung.inHand() === 4);
    await until(allHeard);
    const posts = await approved("quick", 10);
    await until(async () => (await Promise.all(posts.map(desk.stateOf))).every((state) => state === "posted"));
    expect(hung.most()).toBe(4);
    hung.letGo();
    await until(async () => (await Promise.all(line.map(desk.stateOf))).every((state) => state === "posted"));
    expect(hung.most()).toBe(4);
  });
});

describe("whose turn it is", () => {
  test("what waits is taken up by whoever ends first, breaking news first, and each once", async () => {
    const turns = createTurns(1);
    const done: string[] = [];
    const turn = (id: string, breaking = false) => ({
      id,
      breaking,
      run: async (_: AbortSignal, waited: boolean) => {
        await systemClock.sleep(5);
        done.push(`${id}${waited ? " waited" : ""}`);
      },
    });
    const { signal } = new AbortController();
    const first = turns.take("a", turn("one"), signal);
    await Promise.all([turns.take("a", turn("two"), signal), turns.take("a", turn("two"), signal)]);
    await turns.take("a", turn("urgent", true), signal);
    await turns.take("b", turn("other"), signal);
    await first;
    expect(done.toSorted()).toEqual(["one", "other", "two waited", "urgent waited"]);
    expect(done.indexOf("urgent waited")).toBeLessThan(done.indexOf("two waited"));
  });

  test("work that fails, a signal that aborts and a door that closes leave the rest to its row", async () => {
    const turns = createTurns(1);
    const done: string[] = [];
    const { signal } = new AbortController();
    const fails = turns.take("a", { id: "one", breaking: false, run: () => Promise.reject(new Error("no")) }, signal);
    await turns.take("a", { id: "two", breaking: false, run: async () => void done.push("two") }, signal);
    await expect(fails).rejects.toThrow("no");
    expect(done).toEqual([]);
    await turns.take("a", { id: "three", breaking: false, run: async () => void done.push("three") }, signal);
    expect(done).toEqual(["three", "two"]);
    const last = turns.take("a", { id: "four", breaking: false, run: () => systemClock.sleep(10) }, signal);
    await turns.take("a", { id: "five", breaking: false, run: async () => void done.push("five") }, signal);
    turns.close();
    await last;
    expect(done).toEqual(["three", "two"]);
  });
});
