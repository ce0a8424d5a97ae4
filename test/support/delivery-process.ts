/**
 * A worker as a process of its own, to be killed: hears the delivery bell over DATABASE_URL (and REDIS_URL). At the n-th
 * passing of a crashpoint by a delivery of one account (`CRASH_AT=account/label#n`) it does as `CRASH_HOW` says: ends itself
 * by SIGKILL (not given), stands still by SIGSTOP until somebody sends SIGCONT, or blocks its event loop for `block:ms`.
 * Leases and settle times are short, so that whoever comes after it need not be waited for long. SIGTERM drains it, as
 * src/main.ts does. `WINDOW=1`: it says, for each request, how long it took from the deadline's check to its bytes in the
 * kernel's hands. `ONLY=1`: other accounts' deliveries are left to others. `REQUEST_MS`: what a request may take (800).
 */
import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import pg from "pg";
import { deliver } from "../../src/delivery/deliver.ts";
import { TIMING } from "../../src/delivery/delivery.ts";
import { dueDeliveries } from "../../src/delivery/due.ts";
import { createRounds } from "../../src/delivery/rounds.ts";
import { createTimeline } from "../../src/delivery/timeline.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { bluesky } from "../../src/networks/bluesky.ts";
import { mastodon } from "../../src/networks/mastodon.ts";
import type { Network } from "../../src/networks/network.ts";
import { rehearsal } from "../../src/networks/rehearsal.ts";
import { telegram } from "../../src/networks/telegram.ts";
import { webhook } from "../../src/networks/webhook.ts";
import { x } from "../../src/networks/x.ts";
import { createDrivers } from "../../src/newsroom/drivers.ts";
import { createQueue } from "../../src/queue/queue.ts";
import { createStore } from "../../src/store/db.ts";
import { listen } from "../../src/store/listen.ts";

// Most of them are killed: what Node compiled is kept for the next one before.
flushCompileCache();

const { DATABASE_URL, REDIS_URL, ALLOW, CRASH_AT, CRASH_HOW, SECRETS, WINDOW, ONLY, REQUEST_MS = "800" } = process.env;
const connection = { connectionString: DATABASE_URL! };
// As src/store/open.ts and src/newsroom/credential-lock.ts ask it of Postgres, in the measure of the short leases here.
const options = "-c idle_in_transaction_session_timeout=1500 -c idle_session_timeout=2500";
const pool = new pg.Pool({ ...connection, max: 8, options });
pool.on("error", () => undefined);
// As src/store/open.ts.
pool.on("connect", (client) => client.on("error", () => undefined));
const store = createStore(pool);
const outbound = createOutbound({ allow: ALLOW!.split(","), userAgent: "Slugline/test" });
const quick = { requestMs: Number(REQUEST_MS) };
const drivers = [mastodon, x, bluesky, telegram, webhook].map((one) => one(outbound, quick));
const networks = new Map<string, Network>(
  [
    ...drivers.map((one) => ({ ...one, settleMs: Math.min(one.settleMs, 600) })),
    rehearsal(createTimeline(store, "http://localhost:3000")),
  ].map((one) => [one.name, one]),
);
const given = JSON.parse(SECRETS!) as Record<string, string>;
const driver = createDrivers({ store, networks, secrets: (name) => given[name], keys: () => [Buffer.alloc(32, 7)] });
const timing = {
  ...TIMING,
  leaseMs: quick.requestMs + 1_200,
  requestMs: quick.requestMs + 100,
  lookGapMs: 300,
  backoffMs: 50,
  openMs: 200,
  openMaxMs: 1_000,
  rampGapMs: 50,
};
const [victim, label, nth] = (CRASH_AT ?? "").split(/[/#]/);
let passed = 0;
/** Until the turn is over in which the deadline was checked: the request is with the kernel by then. */
function measure(): void {
  const checked = performance.now();
  process.nextTick(() => process.stdout.write(`window ${performance.now() - checked}\n`));
}
const crashpointOf = (account: string | undefined) => (at: string) => {
  hit(account, at);
  if (WINDOW && at === "before-write") measure();
};
function hit(account: string | undefined, at: string): void {
  if (account !== victim || at !== label || (passed += 1) !== Number(nth)) return;
  // Says so first, so that a test knows this end from any other.
  writeSync(1, `at ${at}\n`);
  if (CRASH_HOW?.startsWith("block:")) return block(Number(CRASH_HOW.slice("block:".length)));
  process.kill(process.pid, CRASH_HOW === "SIGSTOP" ? "SIGSTOP" : "SIGKILL");
}
/** Nothing else of this process runs meanwhile: a hopeless regular expression, a huge answer. */
function block(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}
const queue = await createQueue({
  redisUrl: REDIS_URL,
  connection,
  store,
  listen,
  log: silentLog,
  clock: systemClock,
  lockMs: 2_000,
});
queue.serve(
  "delivery",
  async (id, signal) => {
    const { rows } = await store.query<{ name: string }>(
      "select a.name from slugline.account a join slugline.post p on p.account_id = a.id where p.id = $1",
      [id],
    );
    if (ONLY && rows[0]?.name !== victim) return;
    const crashpoint = crashpointOf(rows[0]?.name);
    const deps = { store, driver, clock: systemClock, random: Math.random, timing, crashpoint, log: silentLog };
    await deliver(deps, id, signal, undefined, createRounds(deps));
  },
  { concurrency: 4 },
);
queue.sweep("delivery", dueDeliveries, 200);
process.once("SIGTERM", async () => {
  await queue.drain(5_000);
  await queue.stop();
  await outbound.close();
  await pool.end();
});
await queue.start();
process.stdout.write("ready\n");
