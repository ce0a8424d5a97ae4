import type { BackendClasses, IQueueBackend, Queue as BullQueue, QueueOptions, WorkerOptions } from "bullmq";
import type { Bell } from "./ring.ts";

/** Every bell has a queue, also in a process that serves none: it may still ring. */
export const BELLS = ["source", "article", "post", "review", "delivery"] as const satisfies readonly Bell[];

/** What a job carries: the id of a row, nothing else. */
interface Note {
  subject: string;
}

/** What a worker is handed: `id` is the job's own, new on each ring. */
export interface Heard {
  readonly id?: string | undefined;
  readonly data: Note;
}

/** Adding, releasing, counting: what we use of a BullMQ queue. */
type BellQueue = Pick<BullQueue<Note>, "addBulk" | "removeDeduplicationKey" | "getJobCounts" | "getWaitingCount" | "close">;

/** What we use of a BullMQ worker. */
export interface BellWorker {
  run(): Promise<void>;
  pause(doNotWaitActive: boolean): Promise<void>;
  close(force: boolean): Promise<void>;
  /** Ends its waiting for a job, so that nothing of it keeps the process alive. */
  interrupt(): Promise<void>;
}

interface Hearing {
  concurrency: number;
  hear(job: Heard): Promise<void>;
  /** The queue believes that this worker is dead and that these jobs of it are nobody's. */
  lost(jobs: readonly string[]): void;
  /** A job was cleared away because its worker died, or because it could not even be heard. */
  failed(subject: string | undefined, error: Error): void;
}

export interface Wired {
  readonly queues: Readonly<Record<Bell, BellQueue>>;
  /** A worker that takes this bell's jobs once `run()` is called. */
  worker(bell: Bell, hearing: Hearing): BellWorker;
}

/** Rows are the truth, so nothing of a finished job is kept. */
const JOBS = { attempts: 1, removeOnComplete: true, removeOnFail: true };
/** A job whose worker died is not run again behind the back of its row: the sweeper rings for the row instead. */
const WORKERS = { maxStalledCount: 0, autorun: false, runRetryDelay: 1_000 };
/** Nobody reads BullMQ's events; keep few. */
const STREAMS = { events: { maxLen: 100 } };

/** Our five queues, and workers for them, on one of BullMQ's backends. */
export function wire<B extends IQueueBackend, C>(
  { Queue, Worker }: BackendClasses<B, C>,
  shared: {
    queue: QueueOptions<C>;
    worker: WorkerOptions<C>;
    lockMs: number;
    onError: (error: unknown) => void;
  },
): Wired {
  return {
    queues: perBell((bell) =>
      new Queue<Note>(bell, { ...shared.queue, defaultJobOptions: JOBS, streams: STREAMS }).on("error", shared.onError),
    ),
    worker(bell, { concurrency, hear, lost, failed }) {
      const lock = { lockDuration: shared.lockMs, stalledInterval: shared.lockMs };
      const worker = new Worker<Note>(bell, hear, {
        ...shared.worker,
        ...WORKERS,
        ...lock,
        concurrency,
      });
      worker.on("error", shared.onError);
      worker.on("lockRenewalFailed", lost);
      worker.on("failed", (job, error) => failed(job?.data.subject, error));
      return {
        run: () => worker.run().catch(shared.onError),
        pause: (doNotWaitActive) => worker.pause(doNotWaitActive),
        close: (force) => worker.close(force),
        interrupt: () => worker.getBackend().disconnectBlocking(false),
      };
    },
  };
}

/** One value for each bell. */
export function perBell<Value>(make: (bell: Bell) => Value): Record<Bell, Value> {
  return Object.fromEntries(BELLS.map((bell) => [bell, make(bell)])) as Record<Bell, Value>;
}
