import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  DELIVERY_HAPPENINGS,
  DELIVERY_STATES,
  nextDelivery,
  type DeliveryHappening,
  type DeliveryState,
} from "../../src/delivery/delivery.ts";
import { nextPost } from "../../src/post/post.ts";
import { openDesk } from "../support/desk.ts";
import { testStore, type TestStore } from "../support/store.ts";

let store: TestStore;
let desk: Awaited<ReturnType<typeof openDesk>>;
let row: { id: string; post: string };
beforeAll(async () => {
  store = await testStore();
  desk = await openDesk(store, { server: "http://127.0.0.1:1" });
  await desk.account({ name: "masto-en" });
  const post = (await desk.story()).posts["masto-en"]!;
  await desk.approve(post);
  const { rows } = await store.query<{ id: string }>(
    `insert into slugline.delivery (id, post_id, revision, account_id)
     select gen_random_uuid(), id, revision, account_id from slugline.post where id = $1 returning id`,
    [post],
  );
  row = { id: rows[0]!.id, post };
});
afterAll(() => desk.close());

/** Puts the delivery into a state past the trigger, as if it had come there, and tries something that must leave no trace. */
async function tried(state: DeliveryState, sql: string, values: readonly unknown[]): Promise<boolean> {
  return store
    .transaction(async (db) => {
      await db.query("set local session_replication_role = replica");
      await db.query("update slugline.delivery set state = $2, posted_at = slugline.now(), remote_id = 'there' where id = $1", [
        row.id,
        state,
      ]);
      await db.query("set local session_replication_role = origin");
      await db.query(sql, values);
      throw new Error("taken");
    })
    .catch((error: unknown) => {
      if (error instanceof Error && error.message === "taken") return true;
      if (error instanceof Error && /does not go from|on its way/.test(error.message)) return false;
      throw error;
    });
}

describe("the database refuses what the nouns refuse", () => {
  test.each(DELIVERY_STATES)("a delivery that is %s goes where the noun says, and nowhere else", async (from) => {
    const allowed = new Set(DELIVERY_HAPPENINGS.map((happening) => nextDelivery(from, happening)));
    for (const to of DELIVERY_STATES) {
      const taken = await tried(from, "update slugline.delivery set state = $2 where id = $1", [row.id, to]);
      expect({ from, to, taken }).toEqual({ from, to, taken: from === to || allowed.has(to) });
    }
  });

  test.each(DELIVERY_STATES)("a post whose delivery is %s is taken back and changed only where the noun says", async (state) => {
    const onItsWay = ["sending", "unknown", "asked", "posted"].includes(state);
    for (const [sql, happening] of [
      ["update slugline.post set state = 'waiting' where id = $1", "release"],
      ["update slugline.post set revision = revision + 1 where id = $1", "edited"],
    ] as const)
      expect({ state, taken: await tried(state, sql, [row.post]) }).toEqual({
        state,
        taken: nextPost("approved", happening, onItsWay) !== null,
      });
  });
});

/** Two workers, one delivery under a lease, a network that shows what it took, and up to three faults. */
interface World {
  readonly state: DeliveryState;
  readonly epoch: number;
  readonly posts: number;
  readonly faults: number;
  /** What each worker holds: the epoch it began with, and whether its request is written. */
  readonly workers: readonly { readonly epoch: number; readonly written: boolean }[];
  /** Whether the lease of the current epoch still runs. */
  readonly leased: boolean;
}

const IDLE = { epoch: 0, written: false };

/**
 * Everything that may happen next. Without `fenced` a worker writes under a lapsed lease, which is what a pause between
 * the deadline's check and the write comes to.
 */
function after(world: World, fenced: boolean): World[] {
  const next: World[] = [];
  const move = (happening: DeliveryHappening, change: Partial<World>) => {
    const state = nextDelivery(world.state, happening);
    if (state) next.push({ ...world, ...change, state });
  };
  const with_ = (at: number, it: World["workers"][number]) => world.workers.map((one, nth) => (nth === at ? it : one));
  if (world.leased && world.faults > 0) next.push({ ...world, leased: false, faults: world.faults - 1 });
  for (const [at, { epoch, written }] of world.workers.entries()) {
    const mine = world.state === "sending" && world.epoch === epoch;
    if (epoch === 0) {
      if (world.state === "due") {
        const began = { epoch: world.epoch + 1, written: false };
        move("begin", { epoch: began.epoch, leased: true, workers: with_(at, began) });
      }
      if (world.state === "sending" && !world.leased) move("unknown", {});
      // A look shows what is there; the second miss allows the next try.
      if (world.state === "unknown") move(world.posts > 0 ? "posted" : "again", {});
      continue;
    }
    if (!written) {
      // The request is written only while the lease runs: each epoch's own.
      if (!fenced || (world.leased && world.epoch === epoch))
        next.push({ ...world, posts: world.posts + 1, workers: with_(at, { epoch, written: true }) });
      else if (mine) move("busy", { workers: with_(at, IDLE) });
      else next.push({ ...world, workers: with_(at, IDLE) });
    } else {
      // "Posted" is always believed; a worker that dies with its answer says nothing.
      if (nextDelivery(world.state, "posted")) move("posted", { workers: with_(at, IDLE) });
      else next.push({ ...world, workers: with_(at, IDLE) });
      if (mine && world.faults > 0) move("unknown", { faults: world.faults - 1, workers: with_(at, IDLE) });
    }
    if (world.faults > 0) next.push({ ...world, faults: world.faults - 1, workers: with_(at, IDLE) });
  }
  return next;
}

function explored(fenced: boolean): { worlds: number; most: number } {
  const seen = new Set<string>();
  const todo: World[] = [{ state: "due", epoch: 0, posts: 0, faults: 3, workers: [IDLE, IDLE], leased: false }];
  let most = 0;
  for (let world = todo.pop(); world; world = todo.pop()) {
    const key = JSON.stringify(world);
    if (seen.has(key) || world.epoch > 6 || world.posts > 3) continue;
    seen.add(key);
    most = Math.max(most, world.posts);
    todo.push(...after(world, fenced));
  }
  return { worlds: seen.size, most };
}

test("two workers, one delivery, up to three faults: on every path it stands at most once", () => {
  const { worlds, most } = explored(true);
  expect(worlds).toBeGreaterThan(100);
  expect(most).toBe(1);
});

test("without the deadline's fence it would stand twice: the model can fail", () => {
  expect(explored(false).most).toBeGreaterThan(1);
});
