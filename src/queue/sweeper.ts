import type { Log } from "../lib/log.ts";
import type { Clock, Random } from "../lib/time.ts";
import type { Db, Store } from "../store/db.ts";
import { complain } from "./complain.ts";
import type { Bell } from "./ring.ts";

/** Ids of rows that are due now, the most urgent first; one indexed query, because it is asked every second or so. */
export type Due = (db: Db, limit: number) => Promise<string[]>;

/** How often each bell is swept, in milliseconds. A delivery's or a source's next moment is usually seconds away. */
export const SWEEP_MS: Readonly<Record<Bell, number>> = {
  source: 1_000,
  article: 5_000,
  post: 5_000,
  review: 5_000,
  delivery: 1_000,
};

/** Bells waiting at most before a sweep rings no more: whoever works has enough to do. */
const ENOUGH = 500;
/** Share of the interval by which a sweep is early or late, so that processes spread out. */
const JITTER = 0.2;

export interface Sweeper {
  sweep(bell: Bell, due: Due, everyMs: number): void;
  /** Sweeps every bell at once, and from then on in its rhythm. */
  start(): void;
  /** One sweep of one bell, or of all; answers how many rows were due. */
  sweepNow(bell?: Bell): Promise<number>;
  stop(): Promise<void>;
}

export interface SweeperOptions {
  store: Store;
  add: (bell: Bell, subjects: readonly string[]) => Promise<void>;
  waiting: (bell: Bell) => Promise<number>;
  clock: Clock;
  random: Random;
  log: Log;
}

/** Rings again for whatever is due and unheard: what makes a lost bell, a flushed queue or a dead worker harmless. */
export function createSweeper({ store, add, waiting, clock, random, log }: SweeperOptions): Sweeper {
  const rounds = new Map<Bell, { due: Due; everyMs: number }>();
  const onError = complain(log, clock, "sweeper");
  const leaving = new AbortController();
  let running: Promise<unknown> | undefined;

  async function once(bell: Bell, due: Due): Promise<number> {
    const subjects = await due(store, ENOUGH);
    if (subjects.length > 0 && (await waiting(bell)) < ENOUGH) await add(bell, subjects);
    return subjects.length;
  }

  async function keepSweeping(bell: Bell, due: Due, everyMs: number): Promise<void> {
    while (!leaving.signal.aborted) {
      await once(bell, due).catch(onError);
      await clock.sleep(everyMs * (1 + JITTER * (2 * random() - 1)), leaving.signal);
    }
  }

  return {
    sweep(bell, due, everyMs) {
      rounds.set(bell, { due, everyMs });
    },
    start() {
      running ??= Promise.all(Array.from(rounds, ([bell, { due, everyMs }]) => keepSweeping(bell, due, everyMs)));
    },
    async sweepNow(bell) {
      const asked = [...rounds].filter(([name]) => bell === undefined || name === bell);
      const counts = await Promise.all(asked.map(([name, { due }]) => once(name, due)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async stop() {
      leaving.abort();
      await running;
    },
  };
}
