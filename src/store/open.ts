import pg from "pg";
import { codeOf, Fault, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import { createStore, type Store } from "./db.ts";
import { openEmbedded } from "./embedded.ts";
import type { Role } from "./tenant.ts";

export interface StoreOptions {
  /** A Postgres 15 or newer of the newsroom's; without it, Slugline runs its own in `dataDir`. */
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
  readonly log: Log;
  readonly role: Role;
  /** Most connections of this pool; 10 when not given. */
  readonly max?: number;
}

/** The store, with what others need to open connections of their own (the queue, LISTEN). */
export interface OpenStore extends Store {
  readonly connection: pg.PoolConfig;
  /** Ends the pool, and then the embedded Postgres where no other process uses it. */
  close(): Promise<void>;
}

const OLDEST_VERSION = 150_000;
const CONNECT_WITHIN_MS = 10_000;
/** As long as a delivery's lease. Who needs longer between two statements says so by `set local`. */
const IDLE_IN_TRANSACTION_MS = 60_000;
const INT8 = 20;

/** Counts and numbers fit a JavaScript number here, so int8 comes as one; timestamptz comes as a Date. */
const types: NonNullable<pg.PoolConfig["types"]> = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format as "text"),
};

/**
 * Opens the store and proves that it answers.
 *
 * @throws Fault DATABASE_URL_INVALID, DATABASE_UNREACHABLE, DATABASE_REFUSED, DATABASE_TOO_OLD, and those of `openEmbedded`
 */
export async function openStore({ databaseUrl, dataDir, log, role, max = 10 }: StoreOptions): Promise<OpenStore> {
  if (databaseUrl !== undefined) {
    return poolOn(connectionTo(databaseUrl), { log, max, whenClosed: async () => undefined });
  }
  const embedded = await openEmbedded({ dataDir, log, role });
  return poolOn(embedded.connection, { log, max, whenClosed: embedded.stop });
}

/** A store on a connection that is already known. */
export async function poolOn(
  connection: pg.PoolConfig,
  { log, max, whenClosed }: { readonly log: Log; readonly max: number; readonly whenClosed: () => Promise<void> },
): Promise<OpenStore> {
  const pool = createPool(connection, { log, max });
  const close = async () => {
    await pool.end();
    await whenClosed();
  };
  try {
    const { rows } = await pool.query<{ version: number }>("select current_setting('server_version_num')::int as version");
    const version = rows[0]?.version ?? 0;
    if (version < OLDEST_VERSION) {
      throw new Fault(
        "DATABASE_TOO_OLD",
        `DATABASE_URL leads to Postgres ${Math.floor(version / 10_000)}. Slugline needs 15 or newer.`,
        { version },
      );
    }
  } catch (error) {
    await close().catch(() => undefined);
    throw error instanceof Fault ? error : connectFault(connection, error);
  }
  return { ...createStore(pool), connection, close };
}

/** A pool that connects when it is asked, so that it can be made while Postgres is away. */
export function createPool(connection: pg.PoolConfig, { log, max }: { readonly log: Log; readonly max: number }): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    max,
    types,
    application_name: `slugline ${process.pid}`,
    // Whoever stands still inside a transaction (a stopped machine, a cut cable) holds rows that others wait for.
    options: `-c TimeZone=UTC -c idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_MS}`,
  });
  // Without a listener, an idle connection that breaks would end the process. The pool replaces it by itself.
  pool.on("error", (error) => log.warn({ code: codeOf(error) }, `A connection to Postgres broke: ${sentenceOf(error)}`));
  // A session that ends in the packet in which it began does so before anybody who asked for it can listen.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** Where DATABASE_URL leads, for connections of whoever needs their own. */
export function connectionTo(databaseUrl: string): pg.PoolConfig {
  return { connectionString: checked(databaseUrl), connectionTimeoutMillis: CONNECT_WITHIN_MS, keepAlive: true };
}

function checked(databaseUrl: string): string {
  const scheme = /^[a-z]+:\/\//.exec(databaseUrl)?.[0];
  if (scheme === "postgres://" || scheme === "postgresql://") return databaseUrl;
  throw new Fault(
    "DATABASE_URL_INVALID",
    "DATABASE_URL is not an address of a Postgres. It looks like: postgres://user:password@host:5432/database",
  );
}

/** Says where we could not get in, never with what password. */
function connectFault(connection: pg.PoolConfig, error: unknown): unknown {
  const code = codeOf(error) ?? "";
  const client = new pg.Client(connection);
  const at = client.host.startsWith("/") ? client.host : `${client.host}:${client.port}`;
  const detail = { host: client.host, port: client.port, database: client.database, user: client.user, code };
  if (["28P01", "28000", "3D000", "42501"].includes(code)) {
    const sentence = `Postgres at ${at} refused user "${client.user}" and database "${client.database}": ${sentenceOf(error)}. Check DATABASE_URL.`;
    return new Fault("DATABASE_REFUSED", sentence, detail, error);
  }
  const why = sentenceOf(error) || code;
  if (/^E[A-Z_]+$/.test(code) || code === "57P03" || code === "53300" || /timeout|terminated|SSL/i.test(why)) {
    return new Fault(
      "DATABASE_UNREACHABLE",
      `Postgres at ${at} cannot be reached (${why}). Check DATABASE_URL, and that it runs.`,
      detail,
      error,
    );
  }
  return error;
}
