import { PostgresConnection, PostgresQueueBackend, runMigrations, withBackend } from "bullmq";
import type { BackendFactory, PgQueryable, PostgresPoolConfig } from "bullmq";
import { Fault, sentenceOf } from "../lib/fault.ts";
import type { Backend, BackendOptions } from "./backend.ts";
import { wire } from "./bullmq.ts";
import { complain } from "./complain.ts";

/** BullMQ's tables stay in a schema of their own. */
const SCHEMA = "bullmq";
/** Queries are single statements of about a millisecond; a few connections serve every bell. LISTEN has one more. */
const CONNECTIONS = 4;
/** Seconds an idle worker waits for a NOTIFY before it looks all the same. */
const IDLE_LOOK_S = 30;

/** Every worker says LISTEN on the one client they share: one after another, as pg wants it. */
class SharedConnection extends PostgresConnection {
  readonly #inOrder = new WeakSet<PgQueryable>();

  override async getListenClient(): ReturnType<PostgresConnection["getListenClient"]> {
    const client = await super.getListenClient();
    if (this.#inOrder.has(client)) return client;
    this.#inOrder.add(client);
    const query: PgQueryable["query"] = client.query.bind(client);
    let last: Promise<unknown> = Promise.resolve();
    client.query = (text: string, values?: unknown[]) => {
      const next = last.then(() => query<never>(text, values));
      last = next.catch(() => undefined);
      return next;
    };
    return client;
  }
}

/**
 * BullMQ on Postgres. All bells share one small pool and one LISTEN connection (BullMQ would open both for each
 * queue and each worker), so that an idle Slugline costs the database little.
 *
 * @throws Fault QUEUE_NOT_PREPARED when BullMQ's tables cannot be made or are of a newer version
 */
export async function openPostgres({ connection, lockMs, clock, log }: BackendOptions): Promise<Backend> {
  const config = {
    ...connection,
    schema: SCHEMA,
    max: CONNECTIONS,
    application_name: `slugline queue ${process.pid}`,
    // A bell lost in a crash is rung again by the sweeper: it is not worth an fsync each time it moves.
    options: [connection.options, "-c synchronous_commit=off"].filter(Boolean).join(" "),
  } as PostgresPoolConfig;
  const shared = new SharedConnection(config);
  const onError = complain(log, clock, "queue");
  shared.on("error", onError);
  // A connection that BullMQ has in hand when it breaks would end the process: it listens only to idle ones.
  shared.pool.on("connect", (client) => client.on("error", onError));
  await prepare(shared);

  const backends: PostgresQueueBackend[] = [];
  // Not the owner of the connection: closing one worker must not cut off the others.
  const factory: BackendFactory<PostgresQueueBackend, PostgresPoolConfig> = (name, opts) => {
    const backend = new PostgresQueueBackend(shared, name, opts, false);
    backends.push(backend);
    return backend;
  };
  // The LISTEN connection broke and will be made anew: have every worker subscribe again, now.
  shared.on("listenerinvalidated", () => {
    for (const backend of backends) void backend.disconnectBlocking().then(() => backend.reconnectBlocking());
  });

  const options = { connection: config };
  const wired = wire(withBackend(factory), {
    queue: options,
    worker: { ...options, drainDelay: IDLE_LOOK_S },
    lockMs,
    onError,
  });
  return {
    ...wired,
    kind: "postgres",
    async ping() {
      await shared.pool.query("select 1");
    },
    async close() {
      await Promise.all(Object.values(wired.queues).map((queue) => queue.close()));
      await shared.close();
    },
  };
}

/** BullMQ's own migrations, said explicitly; they hold an advisory lock, so two processes may start at once. */
async function prepare(shared: PostgresConnection): Promise<void> {
  try {
    const client = await shared.pool.connect();
    try {
      await runMigrations(client, SCHEMA);
    } finally {
      client.release();
    }
    await shared.waitUntilReady();
  } catch (error) {
    await shared.close();
    throw new Fault(
      "QUEUE_NOT_PREPARED",
      `The queue's tables could not be prepared: ${sentenceOf(error)}`,
      { schema: SCHEMA },
      error,
    );
  }
}
