import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { Db, Store } from "../store/db.ts";
import { BELLS } from "./bullmq.ts";
import { complain } from "./complain.ts";
import type { Add, Bell } from "./ring.ts";

/** Where an insert into the outbox is told (by a trigger of the schema). */
export const OUTBOX_CHANNEL = "slugline_outbox";

const BATCH = 500;
/** Finds what a lost notification left behind. */
const POLL_MS = 3_000;
/** The queue or the store is away: no hurry, whoever notifies. */
const AWAY_MS = 1_000;

export interface Relay {
  start(): void;
  /** Something was written to the outbox: move it now. */
  wake(): void;
  /** Resolves when the pass under way has ended. */
  stop(): Promise<void>;
}

export interface RelayOptions {
  store: Store;
  add: Add;
  clock: Clock;
  log: Log;
}

/**
 * Moves bells from the outbox to the queue, as soon as it is woken. A crash between the queue's add and our commit
 * rings a bell twice, which is harmless; with several relays each row is moved by one (`skip locked`).
 */
export function createRelay({ store, add, clock, log }: RelayOptions): Relay {
  const onError = complain(log, clock, "outbox");
  const leaving = new AbortController();
  let woken = false;
  let nap = new AbortController();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!leaving.signal.aborted) {
      woken = false;
      try {
        if ((await move(store, add)) < BATCH && !woken) await rest(POLL_MS);
      } catch (error) {
        onError(error);
        await clock.sleep(AWAY_MS, leaving.signal);
      }
    }
  }

  async function rest(ms: number): Promise<void> {
    nap = new AbortController();
    // What woke us between the check and here is seen by this second look.
    if (!leaving.signal.aborted && !woken) await clock.sleep(ms, nap.signal);
  }

  return {
    start() {
      running ??= run();
    },
    wake() {
      woken = true;
      nap.abort();
    },
    async stop() {
      leaving.abort();
      nap.abort();
      await running;
    },
  };
}

/** One batch of bells, oldest first, out of the outbox and into the queue. Answers how many. */
function move(store: Store, add: RelayOptions["add"]): Promise<number> {
  return store.transaction(async (db) => {
    const bells = await take(db);
    const byBell = Map.groupBy(bells, ({ bell }) => bell);
    await Promise.all(
      Array.from(byBell, async ([bell, rows]) => {
        const subjects = (urgent: boolean) => rows.filter((row) => row.urgent === urgent).map(({ subject }) => subject);
        await add(bell, subjects(true), true);
        await add(bell, subjects(false));
      }),
    );
    return bells.length;
  });
}

interface Rung {
  readonly bell: Bell;
  readonly subject: string;
  readonly urgent: boolean;
}

async function take(db: Db): Promise<Rung[]> {
  // Losing this commit in a crash only rings the bells once more.
  await db.query("set local synchronous_commit = off");
  const { rows } = await db.query<Rung>(
    `with taken as materialized (
       select id from slugline.outbox where bell = any($1) order by id limit $2 for update skip locked)
     delete from slugline.outbox using taken where outbox.id = taken.id
     returning outbox.bell, outbox.subject, outbox.urgent`,
    [BELLS, BATCH],
  );
  return rows;
}
