import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TIMING } from "../../src/delivery/delivery.ts";
import { answer } from "../../src/delivery/answer.ts";
import { openDesk } from "../support/desk.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { testStore, type TestStore } from "../support/store.ts";
import { goBy } from "../support/sweep.ts";

const DAYS = 7;
const HOUR_S = 3_600;

let store: TestStore;
let alive: MastodonStandIn;
let desk: Awaited<ReturnType<typeof openDesk>>;
/** A host on which nothing listens, until it does. */
let dead: { readonly port: number; readonly url: string };

beforeAll(async () => {
  store = await testStore();
  alive = await startMastodon({ rateLimit: 1_000_000 });
  const { port, url, close } = await startMastodon();
  await close();
  dead = { port, url };
  desk = await openDesk(store, { server: alive.url, allow: [new URL(url).host], requestMs: 2_000 });
  await desk.account({ name: "well" });
  await desk.account({ name: "ill", server: url });
  await desk.account({ name: "ill-too", server: url });
});
afterAll(async () => {
  await desk.close();
  await alive.close();
});

const attempts = async (account: string) =>
  (
    await store.query<{ at: number }>(
      `select (extract(epoch from t.began_at) * 1000)::float8 as at from slugline.attempt t join slugline.delivery d on d.id = t.delivery_id
         join slugline.account a on a.id = d.account_id where a.name like $1 order by t.began_at`,
      [account],
    )
  ).rows.map(({ at }) => at);
const states = async (account: string) =>
  Object.fromEntries(
    (
      await store.query<{ state: string; n: number }>(
        "select d.state, count(*)::int as n from slugline.delivery d join slugline.account a on a.id = d.account_id where a.name like $1 group by 1",
        [account],
      )
    ).rows.map(({ state, n }) => [state, n]),
  );
const brake = async () =>
  (await store.query("select * from slugline.brake where scope = $1", [`host:127.0.0.1:${dead.port}`])).rows[0];

async function approved(account: string): Promise<string> {
  const post = (await desk.story()).posts[account]!;
  await desk.approve(post);
  return post;
}

describe(`F12: a host that is dead for ${DAYS} days`, () => {
  test("is asked by one probe at a time, while another host's account posts at once and the waiting posts come to a person", async () => {
    for (let n = 0; n < 6; n += 1) await approved(n % 2 === 0 ? "ill" : "ill-too");
    const delays: number[] = [];
    let rungForNothing = 0;
    let news: { post: string; since: number } | undefined;
    const stepS = 300;
    await goBy(store, desk, { steps: (DAYS * 24 * HOUR_S) / stepS, stepS, clocks: [alive] }, async (seconds, rung) => {
      if (news && (await desk.stateOf(news.post)) === "posted") {
        delays.push(seconds - news.since);
        news = undefined;
      }
      if (seconds % (4 * HOUR_S) === 0) news = { post: await approved("well"), since: seconds };
      rungForNothing = Math.max(rungForNothing, rung);
    });
    // Every account went on: what was approved in one step was posted in the next.
    expect(delays.length).toBeGreaterThanOrEqual(DAYS * 6 - 1);
    expect(Math.max(...delays)).toBe(stepS);
    // After six hours a person is asked about each; no delivery burnt its tries, and nothing was rung for again and again.
    expect(await states("ill%")).toEqual({ asked: 6 });
    const { rows: why } = await store.query("select distinct d.why from slugline.delivery d where d.state = 'asked'");
    expect(why).toEqual([{ why: "held-too-long" }]);
    const probes = await attempts("ill%");
    const perDay = 86_400_000 / (TIMING.openMaxMs / 2);
    expect(probes.length).toBeGreaterThan(10);
    expect(probes.length).toBeLessThan(DAYS * perDay + 15);
    expect(rungForNothing).toBeLessThan(15);
    expect(await brake()).toMatchObject({ opened_at: expect.any(Date), failure_why: expect.stringContaining("refused") });
  });

  test("comes back: what a person wants sent goes out once each, a few at first, then faster", async () => {
    const { rows } = await store.query<{ id: string }>("select id from slugline.delivery where state = 'asked'");
    for (const { id } of rows)
      expect(await answer(store, { deliveryId: id, answer: "again", person: desk.person })).toEqual({ ok: true, state: "due" });
    for (let n = 0; n < 14; n += 1) await approved(n % 2 === 0 ? "ill" : "ill-too");
    await goBy(store, desk, { steps: 5, stepS: 60, clocks: [alive] });
    expect((await states("ill%"))["posted"]).toBeUndefined();
    await using back = await startMastodon({ port: dead.port, rateLimit: 1_000_000 });
    let waited = 0;
    await goBy(store, desk, { steps: 100, stepS: 15, clocks: [alive, back] }, (seconds) => {
      waited = seconds;
      return back.accepted.length > 0;
    });
    expect(back.accepted).toHaveLength(1);
    expect(waited).toBeLessThanOrEqual(TIMING.openMaxMs / 1_000 + 30);
    const sent: number[] = [];
    await goBy(store, desk, { steps: 90, stepS: 1, clocks: [alive, back] }, (seconds) => {
      while (sent.length + 1 < back.accepted.length) sent.push(seconds);
      return sent.length === 19;
    });
    expect(sent).toHaveLength(19);
    expect(sent.filter((at) => at <= 10).length, "in the first ten seconds").toBeLessThanOrEqual(8);
    expect(new Set(sent).size, "one a second at most").toBe(19);
    expect(new Set(back.accepted.map(({ text }) => text)).size).toBe(20);
    expect(await states("ill%")).toEqual({ posted: 20 });
    expect(await brake()).toMatchObject({ opened_at: null, failures: 0 });
  });
});
