import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deliver } from "../../src/delivery/deliver.ts";
import { dueDeliveries } from "../../src/delivery/due.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { x } from "../../src/networks/x.ts";
import { learnAccount } from "../../src/newsroom/learn.ts";
import { openDesk } from "../support/desk.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { advance as advanceStore, testStore, type TestStore } from "../support/store.ts";
import { goBy } from "../support/sweep.ts";
import { startX, X_KEYS, type XStandIn } from "../support/x.ts";

const TOKENS = { one: "token-one", two: "token-two" };
const KEYS: Record<string, string> = { ONE: TOKENS.one, TWO: TOKENS.two };
const keysOf = (name: string, app: string) => ({
  appKey: `app-${app}`,
  appSecret: `app-secret-${app}`,
  accessToken: `${name}-token`,
  accessSecret: `${name}-secret`,
});
const XS = [
  { id: "1001", username: "first", keys: keysOf("first", "shared") },
  { id: "1002", username: "second", keys: keysOf("second", "shared") },
  { id: "1003", username: "alone", keys: keysOf("alone", "own") },
];

let store: TestStore;
let server: MastodonStandIn;
let xs: XStandIn;
let desk: Awaited<ReturnType<typeof openDesk>>;
let close: () => Promise<void>;

beforeAll(async () => {
  store = await testStore();
  server = await startMastodon({ rateLimit: 6, accounts: { [TOKENS.one]: "one", [TOKENS.two]: "two" } });
  xs = await startX({ accounts: XS, limits: { appDay: 3 }, duplicateMs: 0 });
  const outbound = createOutbound({ allow: [new URL(xs.url).host], userAgent: "Slugline/test" });
  for (const { username, keys } of XS) for (const [name, value] of Object.entries(keys)) KEYS[`${username}_${name}`] = value;
  desk = await openDesk(store, {
    server: server.url,
    networks: [x(outbound, { requestMs: 2_000 })],
    requestMs: 3_000,
    secrets: (variable) => KEYS[variable],
  });
  await desk.account({ name: "one", settings: { tokenEnv: "ONE" } });
  await desk.account({ name: "two", settings: { tokenEnv: "TWO" } });
  for (const { username } of XS) {
    const settings = Object.fromEntries(Object.keys(X_KEYS).map((name) => [`${name}Env`, `${username}_${name}`]));
    await desk.account({ name: `x-${username}`, network: "x", server: xs.url, settings });
  }
  close = () => outbound.close();
});
afterAll(async () => {
  await close();
  await desk.close();
  await server.close();
  await xs.close();
});
beforeEach(async () => {
  server.clearFaults();
  await store.query("delete from slugline.brake");
  await store.query(
    "update slugline.delivery set next_at = slugline.now() + interval '100 years' where state in ('due', 'unknown')",
  );
  await pass(301);
});

/** The clocks of the store and of the stand-ins go on together. */
async function pass(seconds: number): Promise<void> {
  await advanceStore(store, `${seconds}s`);
  for (const one of [server, xs]) one.advance(seconds * 1_000);
}

async function approved(account: string): Promise<string> {
  const post = (await desk.story()).posts[account]!;
  await desk.approve(post);
  return post;
}

const brakeOf = async (scope: string) =>
  (await store.query<Record<string, unknown>>("select * from slugline.brake where scope like $1", [scope])).rows[0];
const asked = (token: string, since = 0) =>
  server.requests.slice(since).filter(({ headers }) => headers.authorization === `Bearer ${token}`);

describe("a limit", () => {
  test("is never run into: what the last good answer said is used up is not asked for, and other accounts go on", async () => {
    const since = server.requests.length;
    const posts: string[] = [];
    for (let n = 0; n < 14; n += 1) posts.push(await approved("one"));
    const other: string[] = [];
    await goBy(store, desk, { steps: 100, stepS: 10, clocks: [server, xs] }, async (seconds) => {
      if (seconds === 100) other.push(await approved("two"));
      if (seconds === 110) expect(await desk.stateOf(other[0]!)).toBe("posted");
    });
    expect(await Promise.all(posts.map((post) => desk.stateOf(post)))).toEqual(posts.map(() => "posted"));
    const windows = Map.groupBy(asked(TOKENS.one, since), ({ at }) => Math.floor(at / 300_000));
    expect([...windows.values()].map((requests) => requests.length).toSorted()).toEqual([2, 6, 6]);
    // Nobody was turned away: each post was one request.
    expect(asked(TOKENS.one, since)).toHaveLength(14);
  });

  test("of an app keeps all of its accounts back, and nobody else", async () => {
    // Its bucket of a day is full again at midnight (UTC): the day has just begun.
    const today = (await store.query<{ now: Date }>("select slugline.now() as now")).rows[0]!.now.getTime() % 86_400_000;
    await pass(Math.ceil((86_400_000 - today) / 1_000) + 60);
    const [first, second] = [await approved("x-first"), await approved("x-second")];
    for (const post of [first, second, await approved("x-first")]) expect(await desk.deliver(post)).toBe("posted");
    const late = await approved("x-second");
    const before = xs.requests.length;
    for (let n = 0; n < 5; n += 1) {
      await desk.ring(late);
      await pass(600);
    }
    expect(await desk.row(late)).toMatchObject({
      state: "due",
      why: "network-limit",
      attempts: 0,
      held_by: expect.stringMatching(/^app:x:/),
    });
    expect(xs.requests).toHaveLength(before);
    expect(await dueDeliveries(store, 100)).not.toContain(late);
    expect(await desk.deliver(await approved("x-alone"))).toBe("posted");
    const { reset } = { reset: (await brakeOf("app:x:%"))!["posts_until"] as Date };
    const now = (await store.query<{ now: Date }>("select slugline.now() as now")).rows[0]!.now;
    await pass(Math.ceil((reset.getTime() - now.getTime()) / 1_000) + 1);
    // It may have waited for more than six hours by then; where it did, a person says that it is still news.
    if ((await desk.deliver(late, 3)) === "asked")
      await store.query("update slugline.delivery set state = 'due', held_at = null, held_by = null where post_id = $1", [late]);
    expect(await desk.deliver(late)).toBe("posted");
  });

  test("on looking keeps looks back and lets posts go", async () => {
    const lost = await approved("one");
    server.next("reset-after-accept-key-lost");
    await desk.ring(lost);
    server.next({ status: 429, headers: { "retry-after": "60" } }, 1, "read");
    await pass(2);
    await desk.ring(lost);
    const since = server.requests.length;
    expect(await desk.deliver(await approved("one"), 1)).toBe("posted");
    for (let n = 0; n < 5; n += 1) {
      await pass(5);
      await desk.ring(lost);
    }
    expect(server.requests.slice(since).filter(({ method }) => method === "GET")).toEqual([]);
    expect(await brakeOf("account:%")).toMatchObject({ posts_until: null, reads_until: expect.any(Date) });
    expect(await desk.deliver(lost)).toBe("posted");
    expect(await desk.row(lost)).toMatchObject({ attempts: 1 });
  });

  test("on looking that lasts longer than we look: a person is asked, though nobody was", async () => {
    const lost = await approved("two");
    server.next("reset-after-accept-key-lost");
    await desk.ring(lost);
    server.next({ status: 429, headers: { "retry-after": "7200" } }, 1, "read");
    await pass(2);
    await desk.ring(lost);
    const since = server.requests.length;
    await goBy(store, desk, { steps: 62, stepS: 30, clocks: [server, xs] });
    expect(await desk.stateOf(lost)).toBe("asked");
    expect(server.requests).toHaveLength(since);
  });
});

describe("a breaker", () => {
  /** A host that takes requests and never answers, until it does. */
  async function open(): Promise<string[]> {
    const posts = [await approved("one"), await approved("two"), await approved("one"), await approved("two")];
    server.next({ status: 500 }, 3, "any");
    for (const post of posts.slice(0, 3)) await desk.ring(post);
    await store.query(
      "update slugline.delivery set next_at = slugline.now() + interval '1 year' where post_id = any($1) and state = 'unknown'",
      [posts],
    );
    expect(await brakeOf("host:%")).toMatchObject({ failures: 3, opened_at: expect.any(Date) });
    return posts;
  }

  test("lets nothing through while it waits, and what waits burns no tries and is not rung for", async () => {
    const [, , , held] = await open();
    const since = server.requests.length;
    for (let n = 0; n < 3; n += 1) await desk.ring(held!);
    expect(server.requests).toHaveLength(since);
    expect(await desk.row(held!)).toMatchObject({
      state: "due",
      attempts: 0,
      why: "network-failing",
      held_by: expect.stringMatching(/^host:/),
    });
    expect(await dueDeliveries(store, 100)).not.toContain(held);
  });

  test("lets one probe through when eight workers come at once, and the next only when that came to nothing", async () => {
    await open();
    const crowd = await Promise.all(Array.from({ length: 8 }, (_, n) => approved(n % 2 === 0 ? "one" : "two")));
    await pass(16);
    server.next("hang-before-accept", 20, "any");
    const since = server.requests.length;
    await Promise.all(crowd.map((post) => deliver(desk.deps, post, new AbortController().signal)));
    expect(server.requests.slice(since)).toHaveLength(1);
    expect(await brakeOf("host:%")).toMatchObject({ trips: 1, failures: 4, probe: null });
    await Promise.all(crowd.map((post) => deliver(desk.deps, post, new AbortController().signal)));
    expect(server.requests.slice(since)).toHaveLength(1);
  });

  test("is not stuck when the worker of its probe died: the next may after the lease", async () => {
    await open();
    const [dying, next] = [await approved("one"), await approved("two")];
    await pass(16);
    const deps = {
      ...desk.deps,
      crashpoint: (label: string) => {
        if (label === "after-intent") throw new Error("died");
      },
    };
    await expect(deliver(deps, dying, new AbortController().signal)).rejects.toThrow("died");
    await desk.ring(next);
    expect(await desk.row(next)).toMatchObject({ state: "due", attempts: 0 });
    await pass(61);
    expect(await desk.deliver(next, 1)).toBe("posted");
    expect(await brakeOf("host:%")).toMatchObject({ opened_at: null });
  });

  test("news that breaks does not wait for a host to gather pace", async () => {
    const [, , , held] = await open();
    await pass(16);
    expect(await desk.deliver(held!, 1)).toBe("posted");
    const [calm, breaking] = [await approved("one"), await approved("two")];
    // However slow this machine is, the gap is still there.
    await store.query("update slugline.brake set until = slugline.now() + interval '1 minute' where closed_at is not null");
    await desk.ring(calm);
    expect(await desk.row(calm)).toMatchObject({ state: "due", why: "gathering-pace" });
    await store.query("update slugline.post set priority = 'breaking' where id = $1", [breaking]);
    await desk.ring(breaking);
    expect(await desk.stateOf(breaking)).toBe("posted");
  });
});

describe("a lock-out", () => {
  test("of more than six hours: what waited is put to a person, and what is new goes out", async () => {
    const [found, waiting] = [await approved("two"), await approved("two")];
    server.next(401);
    expect(await desk.deliver(found, 1)).toBe("locked-out");
    await goBy(store, desk, { steps: 2, stepS: 10, clocks: [server, xs] });
    expect(await desk.row(waiting)).toMatchObject({ state: "due", why: "account-locked-out", attempts: 0 });
    await goBy(store, desk, { steps: 8, stepS: 3_600, clocks: [server, xs] });
    expect(await desk.row(waiting)).toMatchObject({ state: "asked", why: "held-too-long" });
    const { rows } = await store.query<{ id: string }>("select id from slugline.account where name = 'two'");
    await learnAccount({ store, driver: desk.driver, log: silentLog }, rows[0]!.id, new AbortController().signal);
    const fresh = await approved("two");
    await goBy(store, desk, { steps: 4, stepS: 10, clocks: [server, xs] });
    expect([await desk.stateOf(found), await desk.stateOf(fresh)]).toEqual(["asked", "posted"]);
  });
});
