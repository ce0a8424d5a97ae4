import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answer } from "../../src/delivery/answer.ts";
import { dueDeliveries } from "../../src/delivery/store.ts";
import { silentLog } from "../../src/lib/log.ts";
import type { Db } from "../../src/store/db.ts";
import type { Found, Network, Outcome } from "../../src/networks/network.ts";
import { learnAccount } from "../../src/newsroom/learn.ts";
import { pause, resume } from "../../src/newsroom/store.ts";
import { revise } from "../../src/post/revise.ts";
import { schedule } from "../../src/review/decide.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { startMastodon, type MastodonFault, type MastodonStandIn } from "../support/mastodon.ts";
import { parseDuration } from "../../src/lib/time.ts";
import { advance as advanceStore, testStore, type TestStore } from "../support/store.ts";

/** A network that cannot be asked afterwards, such as Telegram: what it answers is put in by the test. */
const blind: Network & { outcome: Outcome; posts: number } = {
  name: "blind",
  promise: "asked",
  settleMs: 0,
  keyMs: 0,
  usual: { max: 500, unit: "grapheme", perLink: null },
  outcome: { kind: "unknown", why: "no answer" },
  posts: 0,
  limits: async () => blind.usual,
  verify: async () => ({ ok: true, id: null, handle: null, endsAt: null, why: null }),
  publish: async () => {
    blind.posts += 1;
    return blind.outcome;
  },
};

/** The store's clock and the network's go together. */
async function advance(db: Db, duration: string): Promise<void> {
  await advanceStore(db, duration);
  server.advance((parseDuration(duration) ?? 0) * 1000);
}

let store: TestStore;
let server: MastodonStandIn;
let desk: Awaited<ReturnType<typeof openDesk>>;

beforeAll(async () => {
  store = await testStore();
  server = await startMastodon({ rateLimit: 100_000 });
  desk = await openDesk(store, { server: server.url, networks: [blind], requestMs: 400, advance });
  await desk.account({ name: "masto-en" });
  await desk.account({ name: "blind-en", network: "blind" });
  await desk.account({ name: "sure-en", network: "blind", onUnknown: "assume-posted" });
});
afterAll(async () => {
  await desk.close();
  await server.close();
});
beforeEach(async () => {
  server.clearFaults();
  server.lagMs = 0;
  server.lagReads = 0;
  await store.query("update slugline.account set next_at = '-infinity', failures = 0, state = 'active', spacing_s = 0");
});

async function approved(account = "masto-en") {
  const story = await desk.story();
  const post = story.posts[account]!;
  await desk.approve(post);
  const link = `${SHORT_URL}/${(await desk.link(post)).code}`;
  return { story, post, link };
}

describe("an approved post", () => {
  test("goes out once, with its link live from the moment its sending began, and says where it stands", async () => {
    const story = await desk.story();
    const post = story.posts["masto-en"]!;
    expect((await desk.link(post)).state).toBe("reserved");
    await desk.ring(post);
    expect(await desk.stateOf(post)).toBe("none");
    await desk.approve(post);
    expect(await desk.deliver(post)).toBe("posted");
    const link = await desk.link(post);
    expect(link.state).toBe("live");
    const there = server.byLink(`${SHORT_URL}/${link.code}`);
    expect(there).toHaveLength(1);
    expect(await desk.row(post)).toMatchObject({ remote_id: there[0]!.id, attempts: 1, why: null });
  });

  test("goes out once when its bell rings fifty times at once", async () => {
    const { post, link } = await approved();
    await Promise.all(Array.from({ length: 50 }, () => desk.ring(post)));
    await Promise.all(Array.from({ length: 50 }, () => desk.ring(post)));
    expect(await desk.stateOf(post)).toBe("posted");
    expect(server.byLink(link)).toHaveLength(1);
  });

  test("is due until it is sent, so that a lost bell loses nothing", async () => {
    const { post } = await approved();
    expect(await dueDeliveries(store, 1_000)).toContain(post);
    await desk.deliver(post);
    expect(await dueDeliveries(store, 1_000)).not.toContain(post);
  });
});

describe("an answer that does not tell", () => {
  const accepted: MastodonFault[] = ["reset-after-accept", "reset-after-accept-key-lost", "hang-after-accept", "truncated-json", "html-200", "empty-200", "json-without-id"];
  const more: MastodonFault[] = [500, 502, 503, 504].map((status) => ({ status, accept: true }));
  test.each([...accepted, ...more])("after the network took it (%j): it is found by its link, never sent again", async (fault) => {
    const { post, link } = await approved();
    server.next(fault);
    expect(await desk.deliver(post)).toBe("posted");
    expect(server.byLink(link)).toHaveLength(1);
    expect(await desk.row(post)).toMatchObject({ attempts: 1, remote_id: server.byLink(link)[0]!.id });
  });

  const lost: MastodonFault[] = ["reset-before-accept", "hang-before-accept", 500, 502, 503, 504];
  test.each(lost)("before the network took it (%j): it is sent again after the settle time and two looks, and stands once", async (fault) => {
    const { post, link } = await approved();
    server.next(fault);
    await desk.ring(post);
    expect(await desk.stateOf(post)).toBe("unknown");
    await advance(store, "2s");
    await desk.ring(post);
    expect(await desk.stateOf(post)).toBe("unknown");
    expect(await desk.row(post)).toMatchObject({ misses: 0, attempts: 1 });
    expect(await desk.deliver(post)).toBe("posted");
    expect(server.byLink(link)).toHaveLength(1);
    expect(await desk.row(post)).toMatchObject({ attempts: 2 });
  });

  test("and a read-back that lags, fails and is limited: it still stands once, even when the key was lost", async () => {
    const { post, link } = await approved();
    server.next("reset-after-accept-key-lost");
    server.next(500, 2, "read");
    server.next({ status: 429, headers: { "retry-after": "5" } }, 1, "read");
    server.lagReads = 1;
    expect(await desk.deliver(post, 30)).toBe("posted");
    expect(server.byLink(link)).toHaveLength(1);
  });

  test("and a read-back that never works: a person is asked, with three answers", async () => {
    const { post, link } = await approved();
    server.next("reset-after-accept");
    server.next(500, 10_000, "read");
    expect(await desk.deliver(post, 80, "2m")).toBe("asked");
    expect(server.byLink(link)).toHaveLength(1);
    const { id } = await desk.row(post);
    expect(await answer(store, { deliveryId: String(id), answer: "there", url: "https://social.example/1", person: desk.person })).toEqual({ ok: true, state: "posted" });
    expect(await answer(store, { deliveryId: String(id), answer: "again", person: desk.person })).toMatchObject({ ok: false, code: "decided" });
    expect(await desk.row(post)).toMatchObject({ state: "posted", assumed: "person", remote_url: "https://social.example/1" });
  });

  test("on a network that cannot be asked: a person is asked, or the account's onUnknown answers, and nothing is sent twice", async () => {
    blind.outcome = { kind: "unknown", why: "no answer" };
    blind.posts = 0;
    const story = await desk.story();
    const [asked, sure] = [story.posts["blind-en"]!, story.posts["sure-en"]!];
    for (const post of [asked, sure]) await desk.approve(post);
    expect(await desk.deliver(asked)).toBe("asked");
    expect(await desk.deliver(sure)).toBe("posted");
    expect(await desk.row(sure)).toMatchObject({ assumed: "rule", remote_id: null });
    expect(blind.posts).toBe(2);
    blind.outcome = { kind: "posted", id: `blind-${story.id}`, url: null };
    const again = { deliveryId: String((await desk.row(asked))["id"]), answer: "again", person: desk.person } as const;
    const both = await Promise.all([answer(store, again), answer(store, again)]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await desk.deliver(asked)).toBe("posted");
    expect(blind.posts).toBe(3);
  });

  test("whoever was sending dies: the next one looks, and does not send", async () => {
    const { post, link } = await approved();
    const dying = { ...desk.deps, crashpoint: (label: string) => void (label === "after-answer" && raise()) };
    const { deliver } = await import("../../src/delivery/deliver.ts");
    await expect(deliver(dying, post, new AbortController().signal)).rejects.toThrow("died");
    expect(await desk.stateOf(post)).toBe("sending");
    await desk.ring(post);
    expect(await desk.stateOf(post)).toBe("sending");
    await advance(store, "61s");
    expect(await desk.deliver(post)).toBe("posted");
    expect(server.byLink(link)).toHaveLength(1);
  });

  test("a worker thought dead comes back: what it knows is believed, what it does not know changes nothing", async () => {
    const { post, link } = await approved();
    server.next({ status: 200, accept: true, answerAfterMs: 300 } as MastodonFault);
    const slow = desk.ring(post);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await advance(store, "61s");
    await desk.ring(post);
    expect(await desk.stateOf(post)).toBe("unknown");
    await slow;
    expect(await desk.deliver(post)).toBe("posted");
    expect(server.byLink(link)).toHaveLength(1);
  });

  test("a lease that has run out before the request is written: nothing is written", async () => {
    const { post, link } = await approved();
    const before = server.requests.length;
    const start = performance.now();
    const late = { ...desk.deps, clock: { ...desk.deps.clock, monotonic: () => start + (late.begun ? 10_000_000 : 0) }, begun: false };
    late.crashpoint = (label: string) => void (late.begun ||= label === "after-intent");
    const { deliver } = await import("../../src/delivery/deliver.ts");
    await deliver(late, post, new AbortController().signal);
    expect(await desk.stateOf(post)).toBe("due");
    expect(server.requests.slice(before).filter(({ method }) => method === "POST")).toEqual([]);
    expect(await desk.deliver(post)).toBe("posted");
    expect(server.byLink(link)).toHaveLength(1);
  });
});

describe("a network that says no", () => {
  test("too many requests: it waits as long as it was asked to, and so does the whole account", async () => {
    const [one, two] = [await approved(), await approved()];
    server.next({ status: 429, headers: { "retry-after": "120" } });
    await desk.ring(one.post);
    expect(await desk.row(one.post)).toMatchObject({ state: "due" });
    await desk.ring(two.post);
    expect(server.byLink(two.link)).toHaveLength(0);
    await advance(store, "60s");
    await desk.ring(one.post);
    expect(server.byLink(one.link)).toHaveLength(0);
    await advance(store, "61s");
    expect(await desk.deliver(one.post)).toBe("posted");
    expect(await desk.deliver(two.post)).toBe("posted");
  });

  test("a token that was revoked: the account is locked out, other posts wait, and it goes on by itself once it works", async () => {
    const [one, two] = [await approved(), await approved()];
    server.next(401);
    expect(await desk.deliver(one.post)).toBe("locked-out");
    await desk.ring(two.post);
    expect(await desk.stateOf(two.post)).toBe("due");
    const { rows } = await store.query<{ id: string; state: string; state_why: string }>("select id, state, state_why from slugline.account where name = 'masto-en'");
    expect(rows[0]).toMatchObject({ state: "locked-out", state_why: expect.stringContaining("401") });
    await learnAccount({ store, driver: desk.driver, log: silentLog }, rows[0]!.id, new AbortController().signal);
    await desk.ring(one.post);
    expect(await desk.deliver(one.post)).toBe("posted");
    expect(await desk.deliver(two.post)).toBe("posted");
    expect(server.byLink(one.link)).toHaveLength(1);
  });

  test("a text it refuses: it is shown as refused, and goes out anew when a person has changed it", async () => {
    const { post } = await approved();
    server.next(422);
    expect(await desk.deliver(post)).toBe("refused");
    const { code } = await desk.link(post);
    const deps = { shortUrl: SHORT_URL, usualLimits: desk.usualLimits };
    expect(await revise(store, deps, { postId: post, revision: 1, text: `Shorter ${SHORT_URL}/${code}`, person: desk.person })).toEqual({ ok: true, revision: 2 });
    await desk.ring(post);
    expect(await desk.stateOf(post)).toBe("cancelled");
    await desk.approve(post);
    expect(await desk.deliver(post)).toBe("posted");
    expect(server.byLink(`${SHORT_URL}/${code}`).map(({ text }) => text)).toEqual([`Shorter ${SHORT_URL}/${code}`]);
  });

  test("a server that is down: each try waits longer, nothing is lost, and it goes out when the server is back", async () => {
    const { post } = await approved();
    await store.query("update slugline.account set server = 'http://127.0.0.1:1' where name = 'masto-en'");
    for (let tries = 0; tries < 3; tries += 1) {
      await desk.ring(post);
      await advance(store, "1m");
    }
    expect(await desk.row(post)).toMatchObject({ state: "due", attempts: 3 });
    await store.query("update slugline.account set server = $1 where name = 'masto-en'", [server.url]);
    expect(await desk.deliver(post)).toBe("posted");
  });
});

describe("nothing goes out that was not decided", () => {
  test("an edit between approval and sending voids the approval", async () => {
    const { post, link } = await approved();
    const deps = { shortUrl: SHORT_URL, usualLimits: desk.usualLimits };
    await revise(store, deps, { postId: post, revision: 1, text: `Other words ${link}`, person: desk.person });
    await desk.ring(post);
    expect(await desk.deliver(post, 2)).not.toBe("posted");
    expect(server.byLink(link)).toHaveLength(0);
  });

  test("the stop switch stops what has not begun, and resuming lets it go", async () => {
    const { post, link } = await approved();
    await pause(store, "Rosa", "wrong story");
    await desk.deliver(post, 2);
    expect(server.byLink(link)).toHaveLength(0);
    await resume(store, "Rosa");
    expect(await desk.deliver(post)).toBe("posted");
  });

  test("an embargo and a schedule are waited for, to the end of the later one", async () => {
    const story = await desk.story({ embargo: "10 minutes" });
    const post = story.posts["masto-en"]!;
    const { rows } = await store.query<{ at: Date }>("select slugline.now() + interval '5 minutes' as at");
    await schedule(store, { postId: post, revision: 1, by: { person: desk.person }, at: rows[0]!.at });
    await desk.ring(post);
    await advance(store, "6m");
    await desk.ring(post);
    expect(await desk.stateOf(post)).toBe("due");
    await advance(store, "5m");
    expect(await desk.deliver(post)).toBe("posted");
  });

  test("news that grew old before it could go is a person's to decide", async () => {
    const { post, link } = await approved();
    await store.query("update slugline.post set not_after = slugline.now() + interval '1 hour' where id = $1", [post]);
    await pause(store, "Rosa", "");
    await advance(store, "2h");
    await resume(store, "Rosa");
    expect(await desk.deliver(post)).toBe("asked");
    const { id } = await desk.row(post);
    expect(await answer(store, { deliveryId: String(id), answer: "drop", person: desk.person })).toEqual({ ok: true, state: "cancelled" });
    await desk.ring(post);
    expect(await desk.stateOf(post)).toBe("cancelled");
    expect(server.byLink(link)).toHaveLength(0);
  });

  test("an article that was withdrawn is not sent, though its post was approved", async () => {
    const { post, story, link } = await approved();
    await store.query("update slugline.article set state = 'removed', version = version + 1 where id = $1", [story.id]);
    await desk.deliver(post, 2);
    expect(await desk.stateOf(post)).toBe("cancelled");
    expect(server.byLink(link)).toHaveLength(0);
  });

  test("the database refuses what the noun refuses: a posted delivery moves no more", async () => {
    const { post } = await approved();
    await desk.deliver(post);
    const { id } = await desk.row(post);
    await expect(store.query("update slugline.delivery set state = 'due' where id = $1", [id])).rejects.toThrow("does not go from posted to due");
    await expect(store.query("update slugline.post set revision = 2 where id = $1", [post])).rejects.toThrow("on its way");
  });

  test("spacing keeps an account's posts apart, oldest first", async () => {
    await store.query("update slugline.account set spacing_s = 180 where name = 'masto-en'");
    await pause(store, "Rosa", "");
    const [one, two] = [await approved(), await approved()];
    for (const { post } of [one, two]) await desk.ring(post);
    await resume(store, "Rosa");
    await desk.ring(two.post);
    expect(await desk.stateOf(two.post)).toBe("due");
    await desk.ring(one.post);
    await desk.ring(two.post);
    expect([await desk.stateOf(one.post), await desk.stateOf(two.post)]).toEqual(["posted", "due"]);
    await advance(store, "170s");
    await desk.ring(two.post);
    expect(await desk.stateOf(two.post)).toBe("due");
    await advance(store, "11s");
    await desk.ring(two.post);
    expect(await desk.stateOf(two.post)).toBe("posted");
    await store.query("update slugline.account set spacing_s = 0 where name = 'masto-en'");
  });
});

test("a network whose clock is hours away from ours is still found by the link", async () => {
  const { post, link } = await approved();
  await advanceStore(store, "3h");
  server.next("reset-after-accept-key-lost");
  expect(await desk.deliver(post)).toBe("posted");
  expect(server.byLink(link)).toHaveLength(1);
  server.advance(3 * 3_600_000);
});

test("a match is never a post that another delivery owns", async () => {
  const network: Network & { found: Found } = { ...blind, name: "mirror", promise: "reconciled", found: { kind: "absent" }, find: async () => network.found };
  const other = await openDesk(store, { networks: [network] });
  await other.account({ name: "mirror-en", network: "mirror" });
  blind.outcome = { kind: "posted", id: "same-id", url: null };
  const [one, two] = [await other.story(), await other.story()];
  for (const story of [one, two]) await other.approve(story.posts["mirror-en"]!);
  expect(await other.deliver(one.posts["mirror-en"]!)).toBe("posted");
  await other.ring(two.posts["mirror-en"]!);
  expect(await other.row(two.posts["mirror-en"]!)).toMatchObject({ state: "unknown", remote_id: null });
  await other.close();
});

function raise(): never {
  throw new Error("died");
}
