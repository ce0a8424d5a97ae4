import { codeOf, Fault, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { BellWorker, Heard, Wired } from "./bullmq.ts";
import type { Add, Bell } from "./ring.ts";

/** A stage's verb, woken for one row. It reads the row itself; a signal that aborts means: stop, others may go on. */
export type Work = (subject: string, signal: AbortSignal) => Promise<void>;

/** After the signals are aborted, how long the verbs may take to notice. */
const GRACE_MS = 1_000;

export interface Workers {
  serve(bell: Bell, work: Work, concurrency: number): void;
  start(): void;
  /** Takes no more work, waits up to `ms` for what is under way, then aborts its signals. */
  drain(ms: number): Promise<void>;
  /** Whoever drains waits no longer. */
  hurry(): void;
  close(): Promise<void>;
}

export interface WorkersOptions {
  backend: Wired;
  add: Add;
  clock: Clock;
  log: Log;
}

/** The workers of this process, and what each has in hand. */
export function createWorkers({ backend, add, clock, log }: WorkersOptions): Workers {
  const workers: BellWorker[] = [];
  const inHand = new Map<AbortController, { job: string | undefined; done: Promise<void> }>();
  let leaving = false;
  const haste = new AbortController();

  async function hear(bell: Bell, work: Work, job: Heard): Promise<void> {
    const { subject } = job.data;
    // Before the verb reads its row: a bell rung from here on is a bell of its own. See `add` in queue.ts.
    await backend.queues[bell].removeDeduplicationKey(subject);
    // A worker that was waiting when we began to leave still takes one job. Others can have it.
    if (leaving) return add(bell, [subject]);
    const controller = new AbortController();
    const done = attempt(bell, work, subject, controller.signal).finally(() => inHand.delete(controller));
    inHand.set(controller, { job: job.id, done });
    await done;
  }

  /** Never throws: the verb has written its row, or the sweeper rings again. */
  async function attempt(bell: Bell, work: Work, subject: string, signal: AbortSignal): Promise<void> {
    try {
      await work(subject, signal);
    } catch (error) {
      if (!signal.aborted) log.warn({ bell, subject, code: codeOf(error) }, sentenceOf(error));
    }
  }

  /** Others may take up the row by now: what we have in hand of it must stop. */
  function forsake(bell: Bell, jobs: readonly string[]): void {
    for (const [controller, { job }] of inHand) {
      if (job === undefined || !jobs.includes(job)) continue;
      controller.abort(
        new Fault("QUEUE_LOCK_LOST", "The queue no longer believes that this worker is alive.", {
          bell,
          job,
        }),
      );
    }
  }

  /** Until nothing is in hand, or `ms` have passed, or the signal aborts. */
  async function idle(ms: number, hurry?: AbortSignal): Promise<void> {
    const enough = new AbortController();
    const signal = hurry === undefined ? enough.signal : AbortSignal.any([enough.signal, hurry]);
    await Promise.race([Promise.all(Array.from(inHand.values(), ({ done }) => done)), clock.sleep(ms, signal)]);
    enough.abort();
  }

  return {
    serve(bell, work, concurrency) {
      const worker = backend.worker(bell, {
        concurrency,
        hear: (job) => hear(bell, work, job),
        lost: (jobs) => forsake(bell, jobs),
        failed: (subject, error) => log.warn({ bell, subject, code: codeOf(error) }, sentenceOf(error)),
      });
      workers.push(worker);
    },
    start() {
      for (const worker of workers) void worker.run();
    },
    async drain(ms) {
      leaving = true;
      await Promise.all(workers.map((worker) => worker.pause(true)));
      if (inHand.size > 0) await idle(ms, haste.signal);
      if (inHand.size === 0) return;
      for (const controller of inHand.keys()) controller.abort(new Fault("QUEUE_STOPPING", "Slugline is stopping."));
      await idle(GRACE_MS);
    },
    hurry: () => haste.abort(),
    async close() {
      // Waiting for a verb that ignores its signal would be waiting for ever.
      const force = inHand.size > 0;
      await Promise.all(
        workers.map(async (worker) => {
          if (force) await worker.interrupt();
          await worker.close(force);
        }),
      );
    },
  };
}
