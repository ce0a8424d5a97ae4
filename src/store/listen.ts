import pg from "pg";
import { codeOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import { systemClock } from "../lib/time.ts";

export interface Listener {
  close(): Promise<void>;
}

const RETRY_MS = { first: 100, most: 10_000 };
/** A connection that died silently (a firewall, a cable) is found out after this long. */
const HEARTBEAT_MS = 20_000;
const ANSWER_WITHIN_MS = 10_000;

/**
 * Listens to Postgres' notifications on a connection of its own, and connects again when it breaks.
 * Notifications are bells: what was rung while nobody listened is lost, so `onReconnect` should look at the rows.
 *
 * @param channels names from our own code, never from outside
 * @param onReconnect called each time listening begins again after a break
 * @returns once it listens
 * @throws the first connection's error; later ones are logged
 */
export async function listen(
  connection: pg.PoolConfig,
  channels: readonly string[],
  onNotify: (channel: string, payload: string) => void,
  log: Log,
  onReconnect: () => void = () => undefined,
): Promise<Listener> {
  const closing = new AbortController();
  let client = await connect();

  async function connect(): Promise<pg.Client> {
    const made = new pg.Client({
      ...connection,
      application_name: `slugline listen ${process.pid}`,
      query_timeout: ANSWER_WITHIN_MS,
    });
    made.on("error", (error) => log.debug({ code: codeOf(error) }, "The listening connection broke"));
    made.on("notification", ({ channel, payload }) => onNotify(channel, payload ?? ""));
    await made.connect();
    for (const channel of channels) await made.query(`listen ${pg.escapeIdentifier(channel)}`);
    const heartbeat = setInterval(() => void made.query("select 1").catch(() => made.end()), HEARTBEAT_MS);
    heartbeat.unref();
    made.once("end", () => {
      clearInterval(heartbeat);
      if (!closing.signal.aborted) void reconnect();
    });
    return made;
  }

  async function reconnect(): Promise<void> {
    for (let wait = RETRY_MS.first; !closing.signal.aborted; wait = Math.min(wait * 2, RETRY_MS.most)) {
      await systemClock.sleep(wait, closing.signal);
      if (closing.signal.aborted) return;
      try {
        client = await connect();
        // Closed while it connected.
        if (closing.signal.aborted) return await client.end();
        return onReconnect();
      } catch (error) {
        log.warn({ code: codeOf(error) }, "Postgres cannot be listened to; trying again");
      }
    }
  }

  return {
    async close() {
      closing.abort();
      await client.end().catch(() => undefined);
    },
  };
}
