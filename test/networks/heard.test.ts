import { describe, expect, test } from "vitest";
import type { Account, Heard, Network } from "../../src/networks/network.ts";
import { blueskyBench } from "../support/bluesky-bench.ts";
import { mastodonBench } from "../support/mastodon-bench.ts";
import { telegramBench } from "../support/telegram-bench.ts";
import { webhookBench } from "../support/webhook-bench.ts";
import type { WireFault } from "../support/wire.ts";
import { xBench } from "../support/x-bench.ts";
import { X_KEYS } from "../support/x.ts";
import { keyOf, ready, signal } from "./contract.ts";

interface Told {
  readonly network: Network;
  readonly account: Account;
  readonly standIn: { readonly url: string; next(fault: WireFault, times?: number): void };
}

/** Everything that one post of a driver taught. */
async function taught({ network, account }: Told): Promise<Heard[]> {
  const heard: Heard[] = [];
  const key = keyOf(ready(), "3lbmfq2ahrk2a", { now: Date.now() });
  await network.publish({ ...account, heard: (one) => void heard.push(one) }, ready(), key, signal());
  return heard;
}

const BENCHES = {
  mastodon: mastodonBench,
  x: xBench,
  bluesky: blueskyBench,
  telegram: telegramBench,
  webhook: webhookBench,
} as const;
const hostOf = (url: string) => `host:${new URL(url).host}`;

describe.each(Object.entries(BENCHES))("%s tells what its answers teach", (_name, start) => {
  test("its host answers, and is one of what the account's requests fall under", async () => {
    await using bench = await start();
    const heard = await taught(bench);
    expect(heard.at(-1)).toMatchObject({ host: hostOf(bench.standIn.url), failure: null });
    expect(heard.at(-1)!.status).toBeGreaterThanOrEqual(200);
    expect(await bench.network.scopes!(bench.account)).toContain(hostOf(bench.standIn.url));
  });

  test("its host fails, says until when, or says nothing", async () => {
    await using bench = await start();
    bench.standIn.next({ status: 503, headers: { "retry-after": "300" } });
    const down = (await taught(bench)).at(-1)!;
    expect(down).toMatchObject({ status: 503, failure: expect.stringContaining("503") });
    const { scope, of, remaining, resetAt } = down.rates.at(-1)!;
    expect({ scope, of, remaining }).toEqual({ scope: hostOf(bench.standIn.url), of: "both", remaining: 0 });
    expect(resetAt - Date.now()).toBeGreaterThan(290_000);
    bench.standIn.next("reset-before-accept");
    expect((await taught(bench)).at(-1)).toMatchObject({ status: null, rates: [], failure: expect.any(String) });
  });

  test("a server that says it is down for ten years is believed for an hour", async () => {
    await using bench = await start();
    bench.standIn.next({ status: 503, headers: { "retry-after": "315360000" } });
    expect((await taught(bench)).at(-1)!.rates.at(-1)!.resetAt - Date.now()).toBeLessThanOrEqual(3_600_000);
  });
});

test("Mastodon: a post's answer tells of posts, a look's of everything", async () => {
  await using bench = await mastodonBench({ rateLimit: 7 });
  const [post] = await taught(bench);
  expect(post!.rates).toEqual([{ scope: "account", of: "posts", remaining: 6, resetAt: expect.any(Number) }]);
  const looked: Heard[] = [];
  const account = { ...bench.account, heard: (one: Heard) => void looked.push(one) };
  await bench.network.find!(account, keyOf(ready()), new Set(), signal());
  expect(looked.at(-1)!.rates).toMatchObject([{ scope: "account", of: "both" }]);
  expect(post!.rates[0]!.resetAt - Date.now()).toBeGreaterThan(-1_000);
  expect(post!.rates[0]!.resetAt - Date.now()).toBeLessThanOrEqual(300_000);
});

test("X: the buckets of the account and of the app, the app's by a name that gives its key away to nobody", async () => {
  await using bench = await xBench({ limits: { quarter: 5, appDay: 3, userDay: 4 } });
  const [post] = await taught(bench);
  const [, app] = await bench.network.scopes!(bench.account);
  expect(app).toMatch(/^app:x:[0-9a-f]{12}$/);
  expect(post!.rates.map(({ scope, of, remaining }) => [scope, of, remaining])).toEqual([
    ["account", "posts", 4],
    [app, "posts", 2],
    ["account", "posts", 3],
  ]);
  expect(JSON.stringify(post)).not.toContain(X_KEYS.appKey);
  const other = { ...bench.account, secret: { ...bench.account.secret, find: async () => "another app's key" } };
  expect((await bench.network.scopes!(other))[1]).not.toBe(app);
});

test("X: a look's bucket keeps looks back, not posts; whose keys these are keeps nobody waiting", async () => {
  await using bench = await xBench();
  const looked: Heard[] = [];
  await bench.network.find!({ ...bench.account, heard: (one) => void looked.push(one) }, keyOf(ready()), new Set(), signal());
  expect(looked.map(({ rates }) => rates.map(({ of }) => of))).toEqual([[], ["reads"]]);
});

test.each([
  ["5000;w=3600", [{ scope: "account", of: "posts", remaining: 0 }]],
  ["35000;w=86400", [{ scope: "account", of: "posts", remaining: 0 }]],
  ["3000;w=300", [{ scope: "host", of: "both", remaining: 0 }]],
  ["30;w=300", []],
  ["", []],
])("Bluesky: whose bucket is empty, only its policy says (%s)", async (policy, rates) => {
  await using bench = await blueskyBench();
  await taught(bench);
  const headers = {
    "ratelimit-limit": policy.split(";")[0] ?? "",
    "ratelimit-remaining": "0",
    "ratelimit-reset": String(Math.ceil(Date.now() / 1_000) + 600),
    ...(policy === "" ? {} : { "ratelimit-policy": policy }),
  };
  bench.standIn.next({ status: 429, headers });
  const told = (await taught(bench)).at(-1)!;
  const scope = (named: string) => (named === "host" ? hostOf(bench.standIn.url) : named);
  expect(told.rates).toMatchObject(rates.map((rate) => ({ ...rate, scope: scope(rate.scope) })));
  expect(told.rates).toHaveLength(rates.length);
});

test("a lease that ran out before anything was written says nothing of the host", async () => {
  await using bench = await webhookBench();
  const heard: Heard[] = [];
  const deadline = {
    check() {
      throw new Error("too late");
    },
  };
  const account = { ...bench.account, heard: (one: Heard) => void heard.push(one) };
  await bench.network.publish(account, ready(), { ...keyOf(ready()), deadline }, signal());
  expect(heard).toEqual([]);
});
