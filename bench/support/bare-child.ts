import type { PoolConfig } from "pg";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { openBackend } from "../../src/queue/backend.ts";

/** All that a bare job needs, carried by itself. */
export interface BareJob {
  readonly server: string;
  readonly token: string;
  readonly key: string;
  readonly text: string;
}

/**
 * What our deliveries are measured beside: a BullMQ job that carries the whole request and makes it, on the same queue and
 * through the same way out, and keeps nothing. `bare-child.ts <host:port> <connection as JSON> <redis | -> <concurrency>`; it is sent
 * jobs, adds them to its queue and works them off.
 */
const [network = "", connection = "{}", redis = "-", concurrency = "1"] = process.argv.slice(2);
const outbound = createOutbound({ allow: [network], userAgent: "Slugline-bench/1" });
const backend = await openBackend({
  redisUrl: redis === "-" ? undefined : redis,
  connection: JSON.parse(connection) as PoolConfig,
  lockMs: 10_000,
  clock: systemClock,
  log: silentLog,
});
const worker = backend.worker("delivery", {
  concurrency: Number(concurrency),
  lost: () => undefined,
  failed: (_, error) => console.error(error),
  async hear({ data }) {
    const { server, token, key, text } = JSON.parse(data.subject) as BareJob;
    const answer = await outbound.request(`${server}/api/v1/statuses`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ status: text, visibility: "public", language: "en", sensitive: false }),
      timeoutMs: 25_000,
    });
    const { id } = JSON.parse(answer.body.toString()) as { id?: string };
    if (id === undefined) throw new Error(`${answer.status}: no id`);
  },
});
void worker.run();
process.on("message", (jobs: BareJob[]) => {
  void backend.queues.delivery.addBulk(jobs.map((job) => ({ name: "bare", data: { subject: JSON.stringify(job) } })));
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
