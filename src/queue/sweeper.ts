import type { Log } from "../lib/log.ts";
import type { Clock, Random } from "../lib/time.ts";
import type { Db, Store } from "../store/db.ts";
import { complain } from "./complain.ts";
import type { Add, Bell } from "./ring.ts";

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
/** While bells wait, a row that was rung for is most likely among them: it is rung for again only after this long (ms). */
const AGAIN_MS = 5_000;
/** Share of the interval by which a sweep is early or late, so that processes spread out. */
const JITTER = 0.2;

export interface Sweeper {
  /** `urgent` answers which of the due ones go before all that waits. */
  sweep(bell: Bell, due: Due, everyMs: number, urgent?: Due): void;
  /** Sweeps every bell at once, and from then on in its rhythm. */
  start(): void;
  /** One sweep of one bell, or of all; answers how many rows were due. */
  sweepNow(bell?: Bell): Promise<number>;
  stop(): Promise<void>;
}

export interface SweeperOptions {
  store: Store;
  add: Add;
  waiting: (bell: Bell) => Promise<number>;
  clock: Clock;
  random: Random;
  log: Log;
}

interface Round {
  readonly due: Due;
  readonly everyMs: number;
  readonly urgent: Due | undefined;
}

/** Rings again for whatever is due and unheard: what makes a lost bell, a flushed queue or a dead worker harmless. */
export function createSweeper({ store, add, waiting, clock, random, log }: SweeperOptions): Sweeper {
  const rounds = new Map<Bell, Round>();
  /** When each row that was due in the last sweep was rung for, by bell. */
  const rung = new Map<Bell, ReadonlyMap<string, number>>();
  const onError = complain(log, clock, "sweeper");
  const leaving = new AbortController();
  let running: Promise<unknown> | undefined;

  async function once(bell: Bell, { due, urgent }: Round): Promise<number> {
    // However many wait: these go before them.
    if (urgent) await add(bell, await urgent(store, ENOUGH), true);
    const subjects = await due(store, ENOUGH);
    const before = rung.get(bell);
    rung.delete(bell);
    const bells = subjects.length > 0 ? await waiting(bell) : 0;
    if (subjects.length === 0 || bells >= ENOUGH) return subjects.length;
    const now = clock.monotonic();
    const rungAt = (id: string) => before?.get(id) ?? Number.NEGATIVE_INFINITY;
    const unheard = new Set(subjects.filter((id) => bells === 0 || now - rungAt(id) >= AGAIN_MS));
    await add(bell, [...unheard]);
    rung.set(bell, new Map(subjects.map((id) => [id, unheard.has(id) ? now : rungAt(id)])));
    return subjects.length;
  }

  async function keepSweeping(bell: Bell, round: Round): Promise<void> {
    while (!leaving.signal.aborted) {
      await once(bell, round).catch(onError);
      await clock.sleep(round.everyMs * (1 + JITTER * (2 * random() - 1)), leaving.signal);
    }
  }

  return {
    sweep(bell, due, everyMs, urgent) {
      rounds.set(bell, { due, everyMs, urgent });
    },
    start() {
      running ??= Promise.all(Array.from(rounds, ([bell, round]) => keepSweeping(bell, round)));
    },
    async sweepNow(bell) {
      const asked = [...rounds].filter(([name]) => bell === undefined || name === bell);
      const counts = await Promise.all(asked.map(([name, round]) => once(name, round)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async stop() {
      leaving.abort();
      await running;
    },
  };
}
