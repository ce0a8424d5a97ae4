import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openDesk } from "../support/desk.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { seeded } from "../support/seeded.ts";
import { advance as advanceStore, testStore, type TestStore } from "../support/store.ts";
import { goBy } from "../support/sweep.ts";
import type { AnswerFault } from "../support/wire.ts";

const ROUNDS = 4;
const DAY_S = 86_400;

let store: TestStore;
let server: MastodonStandIn;
let desk: Awaited<ReturnType<typeof openDesk>>;
let seconds = 0;

beforeAll(async () => {
  store = await testStore();
  server = await startMastodon({ rateLimit: 1_000_000, accounts: { "token-ill": "ill", "token-well": "well" } });
  desk = await openDesk(store, { server: server.url, secrets: (variable) => `token-${variable.toLowerCase()}` });
  await desk.account({ name: "ill", settings: { tokenEnv: "ILL" } });
  await desk.account({ name: "well", settings: { tokenEnv: "WELL" } });
});
afterAll(async () => {
  await desk.close();
  await server.close();
});
beforeEach(async () => {
  server.clearFaults();
  await store.query("delete from slugline.brake");
});

const clock = { advance: (ms: number) => (server.advance(ms), void (seconds += ms / 1_000)) };
const serverNow = () => Date.now() + seconds * 1_000;
const asked = (since: number) =>
  server.requests.slice(since).filter(({ headers }) => headers.authorization === "Bearer token-ill");

async function approved(account: string): Promise<string> {
  const post = (await desk.story()).posts[account]!;
  await desk.approve(post);
  return post;
}

/** How a network may say when, and after how many seconds at least and at most the next request may come. */
const FORMS: readonly (readonly [string, () => AnswerFault["headers"], number, number])[] = [
  ["seconds", () => ({ "retry-after": "120" }), 119, 121],
  ["a date", () => ({ "retry-after": new Date(serverNow() + 300_000).toUTCString() }), 298, 301],
  ["a date that is past", () => ({ "retry-after": new Date(serverNow() - 300_000).toUTCString() }), 0.9, 2],
  ["nothing", () => ({}), 0.9, 2],
  ["a negative number", () => ({ "retry-after": "-5" }), 0.9, 2],
  ["ten years", () => ({ "retry-after": "315360000" }), DAY_S - 1, DAY_S + 1],
  ["a word", () => ({ "retry-after": "soon" }), 0.9, 2],
  [
    "its bucket's reset",
    () => ({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": new Date(serverNow() + 60_000).toISOString() }),
    59,
    61,
  ],
];

describe("F11: a network that asks to wait", () => {
  test.each(FORMS)("by %s: is not asked before, and another account on it posts at once", async (_form, headers, least, most) => {
    const since = server.requests.length;
    const [ill, well] = [await approved("ill"), await approved("well")];
    server.next({ status: 429, headers: headers()! });
    await desk.ring(ill);
    await desk.ring(well);
    expect(await desk.stateOf(well)).toBe("posted");
    const stepS = most > 1_000 ? 1_800 : most > 10 ? 5 : 1;
    await goBy(store, desk, { steps: Math.ceil(most / stepS) + 3, stepS, clocks: [clock] }, async () => {
      // Every worker that hears the bell for nothing is one more temptation.
      await desk.ring(ill);
      return (await desk.stateOf(ill)) === "posted";
    });
    if (most > 6 * 3_600) {
      // So long that a person was asked meanwhile.
      expect(await desk.stateOf(ill)).toBe("asked");
      expect(asked(since)).toHaveLength(1);
      return;
    }
    expect(await desk.stateOf(ill)).toBe("posted");
    const [first, second, ...more] = asked(since);
    expect(more).toEqual([]);
    expect((second!.at - first!.at) / 1_000).toBeGreaterThanOrEqual(least);
    expect((second!.at - first!.at) / 1_000).toBeLessThanOrEqual(most + stepS);
  });

  test.each(Array.from({ length: ROUNDS }, (_, n) => n + 1))(
    "in a storm of all of these and of 503s (round %i): never a request while it is asked to wait, each post once",
    async (round) => {
      const random = seeded(`storm ${round}`);
      const faults = Array.from({ length: 12 }, () => {
        const told = random() < 0.7 ? 30 + Math.ceil(random() * 270) : undefined;
        const after = told === undefined ? {} : { "retry-after": String(told) };
        return random() < 0.6
          ? { status: 429, told: told ?? 1, headers: after }
          : { status: 503, told: told ?? 0, headers: after };
      });
      for (const { status, headers } of faults) server.next({ status, headers }, 1, "publish");
      const since = server.requests.length;
      const sends = () => asked(since).filter(({ method }) => method === "POST");
      const posts: string[] = [];
      for (let n = 0; n < 4; n += 1) posts.push(await approved("ill"));
      await goBy(store, desk, { steps: 1_000, stepS: 20, clocks: [clock] }, async () => {
        if (sends().length <= faults.length) return false;
        const { rows } = await store.query<{ n: number }>(
          "select count(*)::int as n from slugline.delivery where post_id = any($1) and state = 'posted'",
          [posts],
        );
        return rows[0]!.n === posts.length;
      });
      expect(await Promise.all(posts.map((post) => desk.stateOf(post)))).toEqual(posts.map(() => "posted"));
      const requests = asked(since);
      expect(sends().length).toBeGreaterThan(faults.length);
      for (const [index, { status, told }] of faults.entries()) {
        const from = sends()[index]!.at;
        // A 429 is about posts; a server that is down takes nothing at all.
        const early = requests.filter(
          ({ at, method }) => at > from && at < from + told * 1_000 - 1_000 && (status === 503 || method === "POST"),
        );
        expect(early.map(({ at, path }) => `${path} ${at - from} ms after ${status}, which said ${told} s`)).toEqual([]);
      }
      for (const post of posts) {
        const { code } = await desk.link(post);
        expect(server.accepted.filter(({ text }) => text.includes(code))).toHaveLength(1);
      }
    },
  );

  test("and is forgotten once it is over: the store's clock, not ours, says when", async () => {
    const ill = await approved("ill");
    server.next({ status: 429, headers: { "retry-after": "60" } });
    await desk.ring(ill);
    await advanceStore(store, "61s");
    clock.advance(61_000);
    expect(await desk.deliver(ill, 2)).toBe("posted");
  });
});
