/**
 * A worker as a process of its own, to be killed: hears the review and delivery bells over DATABASE_URL (and REDIS_URL), and ends itself by
 * SIGKILL at the n-th passing of a crashpoint by a delivery of one account (`CRASH_AT=account/label#n`). Leases and settle times are short, so that whoever comes
 * after it need not be waited for long.
 */
import { writeSync } from "node:fs";
import pg from "pg";
import { deliver } from "../../src/delivery/deliver.ts";
import { TIMING } from "../../src/delivery/delivery.ts";
import { dueDeliveries } from "../../src/delivery/store.ts";
import { createTimeline } from "../../src/delivery/timeline.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { mastodon } from "../../src/networks/mastodon.ts";
import type { Network } from "../../src/networks/network.ts";
import { rehearsal } from "../../src/networks/rehearsal.ts";
import { createDrivers } from "../../src/newsroom/drivers.ts";
import { createQueue } from "../../src/queue/queue.ts";
import { createStore } from "../../src/store/db.ts";
import { listen } from "../../src/store/listen.ts";

const { DATABASE_URL, REDIS_URL, ALLOW, CRASH_AT } = process.env;
const connection = { connectionString: DATABASE_URL! };
const pool = new pg.Pool({ ...connection, max: 8 });
pool.on("error", () => undefined);
const store = createStore(pool);
const outbound = createOutbound({ allow: [ALLOW!], userAgent: "Slugline/test" });
const networks = new Map<string, Network>(
  [{ ...mastodon(outbound, { requestMs: 800 }), settleMs: 600 }, rehearsal(createTimeline(store, "http://localhost:3000"))].map(
    (one) => [one.name, one],
  ),
);
const driver = createDrivers({ store, networks, secrets: () => "standin-token" });
const timing = { ...TIMING, leaseMs: 2_000, requestMs: 900, lookGapMs: 300, backoffMs: 50 };
const [victim, label, nth] = (CRASH_AT ?? "").split(/[/#]/);
let passed = 0;
const crashpointOf = (account: string | undefined) => (at: string) => {
  if (account !== victim || at !== label || (passed += 1) !== Number(nth)) return;
  // Says so first, so that a test knows this end from any other.
  writeSync(1, `at ${at}\n`);
  process.kill(process.pid, "SIGKILL");
};
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
    const crashpoint = crashpointOf(rows[0]?.name);
    await deliver({ store, driver, clock: systemClock, random: Math.random, timing, crashpoint, log: silentLog }, id, signal);
  },
  { concurrency: 4 },
);
queue.sweep("delivery", dueDeliveries, 200);
await queue.start();
process.stdout.write("ready\n");
