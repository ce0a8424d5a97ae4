import pg from "pg";
import { codeOf, Fault } from "../lib/fault.ts";
import { systemClock } from "../lib/time.ts";
import { isAlive } from "./postmaster.ts";

/** Who uses the embedded Postgres: the one `start`, or any number of CLI commands. */
export type Role = "start" | "cli";

/**
 * A place held in the embedded Postgres for as long as one connection lives. The places are advisory locks, so that
 * a SIGKILLed holder gives its place up at once and no pid file can go stale.
 */
export interface Tenant {
  /** Resolves when the connection is lost, and the place with it. Never after `leave`. */
  readonly lost: Promise<void>;
  /**
   * Gives the place up.
   *
   * @param last called before the connection ends when nobody else holds a place: whoever leaves last turns off the light
   */
  leave(last: () => Promise<void>): Promise<void>;
}

/** "Slug", so that no lock of anybody else's in this database is met. */
const SPACE = 0x536c7567;
const USING = 1;
const START = 2;
const DEAD_HOLDER_MS = 5_000;

/**
 * Takes a place.
 *
 * @returns "stopping" when the last holder is just stopping Postgres, or it is not taking connections
 * @throws Fault DATA_IN_USE when a `start` asks and another one holds that place
 */
export async function enter(connection: pg.PoolConfig, role: Role, folder: string): Promise<Tenant | "stopping"> {
  const client = new pg.Client({
    ...connection,
    application_name: `slugline ${role} ${process.pid}`,
    connectionTimeoutMillis: 10_000,
  });
  let leaving = false;
  let lose = () => {};
  const lost = new Promise<void>((resolve) => (lose = resolve));
  client.on("error", () => undefined);
  client.once("end", () => leaving || lose());
  try {
    await client.connect();
    if (!(await take(client, "pg_try_advisory_lock_shared", USING))) throw new Gone();
    if (role === "start") await takeStart(client, folder);
  } catch (error) {
    leaving = true;
    await client.end().catch(() => undefined);
    if (error instanceof Gone || isGoing(error)) return "stopping";
    throw error;
  }
  return {
    lost,
    async leave(last) {
      leaving = true;
      try {
        await client.query("select pg_advisory_unlock_shared($1, $2)", [SPACE, USING]);
        if (await take(client, "pg_try_advisory_lock", USING)) await last();
      } catch (error) {
        if (!isGoing(error)) throw error;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}

class Gone extends Error {}

async function take(client: pg.Client, lock: string, key: number): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(`select ${lock}($1, $2) as taken`, [SPACE, key]);
  return rows[0]?.taken ?? false;
}

/** A holder that was just killed keeps its lock until its backend sees the socket close: wait for the dead, refuse for the living. */
async function takeStart(client: pg.Client, folder: string): Promise<void> {
  for (const until = performance.now() + DEAD_HOLDER_MS; ; await systemClock.sleep(20)) {
    if (await take(client, "pg_try_advisory_lock", START)) return;
    const { rows } = await client.query<{ name: string }>(
      `select a.application_name as name
       from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.granted and l.classid = $1::bigint and l.objid = $2::bigint`,
      [SPACE, START],
    );
    const pid = Number(rows[0]?.name.split(" ").at(-1));
    if (performance.now() < until && !(pid && isAlive(pid))) continue;
    const sentence =
      `Slugline already runs on ${folder}${pid ? ` (process ${pid})` : ""}. ` +
      "Stop it first, or set DATA_DIR to another folder. Other commands (slugline check, ...) may be used beside it.";
    throw new Fault("DATA_IN_USE", sentence, { folder, pid });
  }
}

/** Postgres is starting, stopping, or was stopped under us. */
function isGoing(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined) return error instanceof Error && /terminated|closed|not queryable/i.test(error.message);
  return ["57P01", "57P02", "57P03", "ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"].includes(code);
}
