import pg, { type PoolConfig } from "pg";
import { gather } from "../../src/lib/gather.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { openBackend } from "../../src/queue/backend.ts";
import { MOST_GIVEN } from "../../src/store/given.ts";

/** All that a bare job needs, carried by itself. */
export interface BareJob {
  readonly server: string;
  readonly token: string;
  readonly key: string;
  readonly text: string;
}

/**
 * What our deliveries are measured beside: a BullMQ job that carries the whole request and makes it, on the same queue and
 * through the same way out. `bare` keeps nothing; `durable` also writes down that it begins before it asks, and what came of
 * it, in one table, each on the disk before it goes on and as many together as ask at the same moment: the least that
 * whoever never sends twice must do. `bare-child.ts <bare | durable> <host:port> <connection as JSON> <redis | -> <concurrency>`;
 * it is sent jobs, adds them to its queue and works them off.
 */
const [kind, network = "", connection = "{}", redis = "-", concurrency = "1"] = process.argv.slice(2);
const kept = kind === "durable" ? await openLedger(JSON.parse(connection) as PoolConfig) : undefined;
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
    const body = JSON.stringify({ status: text, visibility: "public", language: "en", sensitive: false });
    await kept?.begin({ id: key, body });
    const answer = await outbound.request(`${server}/api/v1/statuses`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
      body,
      timeoutMs: 25_000,
    });
    const { id } = JSON.parse(answer.body.toString()) as { id?: string };
    if (id === undefined) throw new Error(`${answer.status}: no id`);
    await kept?.end({ id: key, remote: id });
  },
});
void worker.run();
process.on("message", (jobs: BareJob[]) => {
  void backend.queues.delivery.addBulk(jobs.map((job) => ({ name: "bare", data: { subject: JSON.stringify(job) } })));
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

/** One row for each job, in rounds as ours are. */
async function openLedger(to: PoolConfig) {
  const pool = new pg.Pool({ ...to, max: 4 });
  await pool.query(
    "create table job (id uuid primary key, body text not null, remote text, at timestamptz not null default now(), ended_at timestamptz)",
  );
  const each = <Row extends object>(name: string, text: string) =>
    gather(MOST_GIVEN, async (rows: readonly Row[]) => {
      await pool.query({ name, text, values: [JSON.stringify(rows)] });
      return rows;
    });
  return {
    begin: each<{ id: string; body: string }>(
      "begin",
      "insert into job (id, body) select id, body from jsonb_to_recordset($1) as given(id uuid, body text)",
    ),
    end: each<{ id: string; remote: string }>(
      "end",
      "update job set remote = given.remote, ended_at = now() from jsonb_to_recordset($1) as given(id uuid, remote text) where job.id = given.id",
    ),
  };
}
