import pg from "pg";
import { Fault } from "../lib/fault.ts";
import type { Clock } from "../lib/time.ts";

/** Runs work for an account while no process of ours does the same for it. */
export type Alone = <Result>(accountId: string, work: () => Promise<Result>) => Promise<Result>;

/** "Sluh": the space beside the places of store/tenant.ts. */
const SPACE = 0x536c7568;
const POLL_MS = { first: 10, most: 250 };
/** Longer than a refresh may take: a process that was stopped in the middle of one keeps the others no longer than this. */
const WAIT_MS = 45_000;
/** Nobody holds one for longer: Postgres ends the session of whoever asks nothing more. */
const HELD_MS = 60_000;

/**
 * Locks of accounts over all processes: advisory locks on one connection, which is not of the pool and is there only while
 * somebody holds or wants one. So whoever waits takes nothing that the holder needs to finish, and who dies lets go at once.
 *
 * Within this process an account's turns wait for each other in memory. Only the first of them asks Postgres, and asks again
 * instead of waiting there, so that waiting for one account never holds up another (R6).
 *
 * @throws Fault CREDENTIAL_BUSY from `Alone` when another process does not let go
 */
export function createAlone(connection: pg.ClientConfig, clock: Clock, waitMs: number = WAIT_MS): Alone {
  const turns = new Map<string, Promise<void>>();
  let line: Promise<pg.Client> | undefined;
  let users = 0;

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({
      ...connection,
      application_name: `slugline lock ${process.pid}`,
      // A holder that stands still (a suspended machine) keeps its lock no longer than a refresh may take.
      options: [`-c idle_session_timeout=${HELD_MS}`, connection.options].filter(Boolean).join(" "),
    });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  /** The connection there is, or a new one where it broke: its locks went with it. */
  function lineNow(): Promise<pg.Client> {
    if (line) return line;
    const made = connect();
    const drop = () => {
      if (line === made) line = undefined;
    };
    made.then((client) => client.once("end", drop), drop);
    return (line = made);
  }

  async function hold<Result>(accountId: string, work: () => Promise<Result>): Promise<Result> {
    users += 1;
    const mine = lineNow();
    try {
      const client = await mine;
      await take(client, accountId);
      try {
        return await work();
      } finally {
        // A connection that broke has let go already.
        await client.query("select pg_advisory_unlock($1, hashtext($2))", [SPACE, accountId]).catch(() => undefined);
      }
    } finally {
      users -= 1;
      if (users === 0) {
        line = undefined;
        await mine.then((client) => client.end()).catch(() => undefined);
      }
    }
  }

  async function take(client: pg.Client, accountId: string): Promise<void> {
    const end = clock.monotonic() + waitMs;
    for (let wait = POLL_MS.first; ; wait = Math.min(wait * 2, POLL_MS.most)) {
      const { rows } = await client.query<{ held: boolean }>("select pg_try_advisory_lock($1, hashtext($2)) as held", [
        SPACE,
        accountId,
      ]);
      if (rows[0]?.held) return;
      if (clock.monotonic() >= end)
        throw new Fault(
          "CREDENTIAL_BUSY",
          "Another process is renewing the account's access and does not finish. It is tried again later.",
          { account: accountId },
        );
      await clock.sleep(wait);
    }
  }

  return async (accountId, work) => {
    const before = turns.get(accountId);
    const { promise: mine, resolve: done } = Promise.withResolvers<void>();
    turns.set(accountId, mine);
    try {
      await before;
      return await hold(accountId, work);
    } finally {
      if (turns.get(accountId) === mine) turns.delete(accountId);
      done();
    }
  };
}
