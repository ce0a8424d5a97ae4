/**
 * A worker whose account is signed in to X, as a process of its own, to be killed: sends what is due over DATABASE_URL and
 * ends itself by SIGKILL at a labelled moment of a renewal (CRASH_AT: `before-request`, `after-answer`, `after-store`).
 */
import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import pg from "pg";
import { deliver } from "../../src/delivery/deliver.ts";
import { TIMING } from "../../src/delivery/delivery.ts";
import { dueDeliveries } from "../../src/delivery/due.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound, type Outbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock, type Clock } from "../../src/lib/time.ts";
import type { Account, Network } from "../../src/networks/network.ts";
import { x } from "../../src/networks/x.ts";
import { createDrivers } from "../../src/newsroom/drivers.ts";
import { createStore } from "../../src/store/db.ts";

// Most of them are killed: what Node compiled is kept for the next one before.
flushCompileCache();

const { DATABASE_URL, ALLOW, CRASH_AT, SHIFT_MS } = process.env;
const shift = Number(SHIFT_MS);
const clock: Clock = { ...systemClock, now: () => Date.now() + shift };

function at(label: string): void {
  if (label !== CRASH_AT) return;
  // Says so first, so that a test knows this end from any other.
  writeSync(1, `at ${label}\n`);
  process.kill(process.pid, "SIGKILL");
}

/** The way out, watched where tokens are changed. */
function watched(outbound: Outbound): Outbound {
  return {
    ...outbound,
    async request(url, options) {
      const token = new URL(url).pathname === "/2/oauth2/token";
      if (token) at("before-request");
      const answer = await outbound.request(url, options);
      if (token) at("after-answer");
      return answer;
    },
  };
}

/** The driver, told of a secret that says when a new token is kept. */
function telling(network: Network): Network {
  return {
    ...network,
    publish(account: Account, post, key, signal) {
      const { secret } = account;
      const update = async (name: string, value: string) => {
        await secret.update(name, value);
        if (!value.includes('"asked"')) at("after-store");
      };
      return network.publish({ ...account, secret: { ...secret, update } }, post, key, signal);
    },
  };
}

const pool = new pg.Pool({ connectionString: DATABASE_URL!, max: 8 });
pool.on("error", () => undefined);
// As src/store/open.ts.
pool.on("connect", (client) => client.on("error", () => undefined));
const store = createStore(pool);
const outbound = createOutbound({ allow: [ALLOW!], userAgent: "Slugline/test" });
const network = telling({ ...x(watched(outbound), { clock, requestMs: 2_000 }), settleMs: 300 });
const driver = createDrivers({
  store,
  networks: new Map([["x", network]]),
  secrets: () => undefined,
  keys: () => [Buffer.alloc(32, 7)],
});
const timing = { ...TIMING, leaseMs: 4_000, requestMs: 2_100, lookGapMs: 100, backoffMs: 50 };
const deps = { store, driver, clock: systemClock, random: Math.random, timing, crashpoint: () => undefined, log: silentLog };
process.stdout.write("ready\n");
for (;;) {
  const due = await dueDeliveries(store, 20);
  await Promise.all(due.map((id) => deliver(deps, id, AbortSignal.timeout(10_000))));
  await systemClock.sleep(50);
}
