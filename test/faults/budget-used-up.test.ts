import { afterAll, beforeAll, expect, test } from "vitest";
import { troubles } from "../../src/health/health.ts";
import { openHealthDoor } from "../../src/health/server.ts";
import { silentLog } from "../../src/lib/log.ts";
import { openDesk } from "../support/desk.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { advance, testStore, type TestStore } from "../support/store.ts";

let store: TestStore;
let server: MastodonStandIn;
let desk: Awaited<ReturnType<typeof openDesk>>;

beforeAll(async () => {
  store = await testStore();
  server = await startMastodon({ rateLimit: 100_000 });
  desk = await openDesk(store, { server: server.url });
  await desk.account({ name: "paid-en" });
  await desk.account({ name: "free-en" });
  await store.query("update slugline.clock set shift = '2027-03-10T12:00:00Z'::timestamptz - statement_timestamp()");
  await store.query("update slugline.account set allowance = $1 where name = 'paid-en'", [
    JSON.stringify({
      budget: { currency: "USD", perDay: 1_000_000, breakingShare: 20 },
      cost: { plain: 100_000, withLink: 200_000, currency: "USD" },
      timeZone: "UTC",
    }),
  ]);
});
afterAll(async () => {
  await desk.close();
  await server.close();
});

const told = async () => (await troubles(store)).filter(({ code }) => code.startsWith("budget-"));
const posted = async (account: string) => {
  const { posts } = await desk.story();
  await desk.approve(posts[account]!);
  await desk.ring(posts[account]!);
  return desk.stateOf(posts[account]!);
};

test("a budget that runs low is told before it is used up", async () => {
  for (let n = 0; n < 3; n += 1) expect(await posted("paid-en")).toBe("posted");
  expect(await told()).toEqual([]);
  await store.query(
    "update slugline.account set allowance = jsonb_set(allowance, '{cost,withLink}', '90000') where name = 'paid-en'",
  );
  expect(await posted("paid-en")).toBe("posted");
  expect(await told()).toMatchObject([
    { code: "budget-low", severity: "warning", args: { account: "paid-en", spent: 0.69, limit: 1, currency: "USD" } },
  ]);
});

test("used up: an alarm at once, also in the numbers, its posts wait and nobody else's do", async () => {
  expect(await posted("paid-en")).toBe("posted");
  expect(await posted("paid-en")).toBe("due");
  expect(await told()).toMatchObject([
    { code: "budget-used-up", severity: "alarm", args: { account: "paid-en", spent: 0.78, limit: 1, breaking: 0.22 } },
  ]);
  expect(await posted("free-en")).toBe("posted");
  await advance(store, "20m");
  expect((await troubles(store)).filter(({ code }) => code === "delivery-waiting")).toEqual([]);
  const door = await openHealthDoor({
    host: "127.0.0.1",
    port: 0,
    store,
    notReady: async () => [],
    numbers: () => ({}),
    log: silentLog,
  });
  const metrics = await (await fetch(`${door.url}/metrics`)).text();
  await door.close();
  expect(metrics).toContain('slugline_troubles{code="budget-used-up",severity="alarm"} 1');
  expect(metrics).toMatch(/slugline_budget_left\{account="paid-en",period="day",currency="USD",news="breaking"\} 0\.22/);
});

test("the next day it is over, and what waited goes out", async () => {
  await advance(store, "12h");
  const { rows } = await store.query<{ post_id: string }>("select post_id from slugline.delivery where state = 'due'");
  expect(await Promise.all(rows.map((row) => desk.deliver(row.post_id)))).toEqual(["posted"]);
  expect(await told()).toEqual([]);
});
