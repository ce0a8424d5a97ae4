import type { PoolConfig } from "pg";
import { newId } from "../lib/id.ts";
import { sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import type { Clock, Random } from "../lib/time.ts";
import type { Store } from "../store/db.ts";
import { openBackend, type Backend } from "./backend.ts";
import { perBell } from "./bullmq.ts";
import { createRelay, OUTBOX_CHANNEL } from "./outbox.ts";
import type { Bell } from "./ring.ts";
import { createSweeper, SWEEP_MS, type Due } from "./sweeper.ts";
import { createWorkers, type Work } from "./workers.ts";

/**
 * Hears Postgres' notifications on a connection of its own, and finds its way back when that breaks: `listen` of
 * src/store/listen.ts.
 */
type Listen = (
  connection: PoolConfig,
  channels: readonly string[],
  onNotify: (channel: string, payload: string) => void,
  log: Log,
  onReconnect: () => void,
) => Promise<{ close(): Promise<void> }>;

export interface QueueOptions {
  /** BullMQ runs on this Redis; without it on the Postgres of `connection`. */
  redisUrl?: string | undefined;
  connection: PoolConfig;
  store: Store;
  listen: Listen;
  log: Log;
  clock: Clock;
  random?: Random;
  /** How long a worker may be silent before its jobs count as nobody's; milliseconds, 10,000 when not given. */
  lockMs?: number;
}

/** Jobs waiting to be taken and jobs in some worker's hands, over all processes. */
interface Depth {
  waiting: number;
  active: number;
}

export interface Queue extends AsyncDisposable {
  readonly kind: Backend["kind"];
  /** Ties a bell to a verb. Before `start`. */
  serve(bell: Bell, work: Work, options: { concurrency: number }): void;
  /**
   * Ties a bell to its stage's due query. Before `start`. `everyMs` in milliseconds, usually 1,000 to 5,000; `urgent` answers
   * which of the due ones go before all that waits.
   */
  sweep(bell: Bell, due: Due, everyMs?: number, urgent?: Due): void;
  /** Begins to relay, sweep and work. */
  start(): Promise<void>;
  /** One sweep now, of one bell or of all; answers how many rows were due. */
  sweepNow(bell?: Bell): Promise<number>;
  depth(): Promise<Record<Bell, Depth>>;
  /** Undefined when the queue answers, else a sentence for /readyz. */
  trouble(): Promise<string | undefined>;
  /** Takes no more work, waits up to `ms` milliseconds for what is under way, then aborts its signals. */
  drain(ms: number): Promise<void>;
  /** Aborts what is still under way and lets go of everything. */
  stop(): Promise<void>;
}

const READY_MS = 2_000;
/** Renewed at half of it. Short, so that the job of a killed worker keeps its row waiting for seconds only. */
const LOCK_MS = 10_000;

/**
 * The bells and who hears them. Nothing here is needed to know what is true: every job can be lost or doubled.
 *
 * @throws Fault QUEUE_NOT_PREPARED (Postgres); QUEUE_REDIS_URL, QUEUE_REDIS_UNREACHABLE, QUEUE_REDIS_EVICTS (Redis)
 */
export async function createQueue({
  connection,
  store,
  listen,
  log,
  clock,
  random = Math.random,
  lockMs = LOCK_MS,
  redisUrl,
}: QueueOptions): Promise<Queue> {
  const backend = await openBackend({ redisUrl, lockMs, connection, clock, log });

  /**
   * A bell that already waits is not rung twice: BullMQ's de-duplication key is the row's id, and a worker releases
   * it before its verb reads the row. So whatever a swallowed bell told of was committed before that read, a bell
   * rung while its row is being worked on is kept, and a worker killed at work leaves no key that would silence the
   * sweeper (as a job id, or a key held to the job's end, would). In order of id, so that two processes that add the
   * same rows do not wait for each other in a circle. What is urgent is put before all that waits: the next free hand takes it.
   */
  async function add(bell: Bell, subjects: readonly string[], urgent = false): Promise<void> {
    if (subjects.length === 0) return;
    const jobs = [...new Set(subjects)].toSorted().map((subject) => ({
      name: bell,
      data: { subject },
      opts: { jobId: newId(), deduplication: { id: subject }, lifo: urgent },
    }));
    await backend.queues[bell].addBulk(jobs);
  }

  const relay = createRelay({ store, add, clock, log });
  const sweeper = createSweeper({
    store,
    add,
    waiting: (bell) => backend.queues[bell].getWaitingCount(),
    clock,
    random,
    log,
  });
  const workers = createWorkers({ backend, add, clock, log });
  let listening: Awaited<ReturnType<Listen>> | undefined;
  let drained: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;

  const queue: Queue = {
    kind: backend.kind,
    serve: (bell, work, { concurrency }) => workers.serve(bell, work, concurrency),
    sweep: (bell, due, everyMs = SWEEP_MS[bell], urgent) => sweeper.sweep(bell, due, everyMs, urgent),
    async start() {
      listening = await listen(connection, [OUTBOX_CHANNEL], relay.wake, log, relay.wake);
      workers.start();
      relay.start();
      sweeper.start();
    },
    sweepNow: (bell) => sweeper.sweepNow(bell),
    async depth() {
      const counting = perBell((bell) => backend.queues[bell].getJobCounts("waiting", "active"));
      const counts = await Promise.all(Object.values(counting));
      const at = Object.keys(counting);
      return perBell((bell) => {
        const count = counts[at.indexOf(bell)];
        return { waiting: count?.["waiting"] ?? 0, active: count?.["active"] ?? 0 };
      });
    },
    async trouble() {
      const late = new AbortController();
      const slow = clock
        .sleep(READY_MS, late.signal)
        .then(() => `The queue (${backend.kind}) has not answered for ${READY_MS / 1_000} s.`);
      const answer = backend.ping().then(
        () => undefined,
        (error: unknown) => `The queue (${backend.kind}) does not answer: ${sentenceOf(error)}`,
      );
      return Promise.race([answer, slow]).finally(() => late.abort());
    },
    drain(ms) {
      drained ??= (async () => {
        await Promise.all([listening?.close(), relay.stop(), sweeper.stop(), workers.drain(ms)]);
      })();
      return drained;
    },
    stop() {
      stopped ??= (async () => {
        workers.hurry();
        await queue.drain(0);
        await workers.close();
        await backend.close();
      })();
      return stopped;
    },
    [Symbol.asyncDispose]: () => queue.stop(),
  };
  return queue;
}
