import { createRedisBackend, withBackend } from "bullmq";
import { Redis } from "ioredis";
import { Fault, sentenceOf } from "../lib/fault.ts";
import type { Backend, BackendOptions } from "./backend.ts";
import { wire } from "./bullmq.ts";
import { complain } from "./complain.ts";

const PREFIX = "slugline";
const CONNECT_MS = 5_000;
/** A ring fails after this long instead of waiting for a Redis that is away; the outbox keeps the bell. */
const RING_MS = 5_000;

/** However long Redis is away, look for it again every two seconds at most. */
const retryStrategy = (times: number): number => Math.min(times * 100, 2_000);

/**
 * BullMQ on Redis. Two connections, one to ring and one for the workers, and one more for each bell that is served.
 *
 * @throws Fault QUEUE_REDIS_URL, QUEUE_REDIS_UNREACHABLE, QUEUE_REDIS_EVICTS
 */
export async function openRedis({ redisUrl, lockMs, clock, log }: BackendOptions & { redisUrl: string }): Promise<Backend> {
  const where = hostOf(redisUrl);
  let opened = false;
  const ringing = new Redis(redisUrl, {
    lazyConnect: true,
    enableOfflineQueue: false,
    connectTimeout: CONNECT_MS,
    commandTimeout: RING_MS,
    maxRetriesPerRequest: 1,
    // At start a Redis that is away is a fault to be told, later it is one to be waited out.
    retryStrategy: (times) => (opened ? retryStrategy(times) : null),
  });
  await inspect(ringing, where);
  opened = true;

  const onError = complain(log, clock, "queue");
  const working = new Redis(redisUrl, {
    connectTimeout: CONNECT_MS,
    retryStrategy,
    maxRetriesPerRequest: null,
  });
  ringing.on("error", onError);
  working.on("error", onError);

  const wired = wire(withBackend(createRedisBackend), {
    queue: { connection: ringing, prefix: PREFIX },
    worker: { connection: working, prefix: PREFIX },
    lockMs,
    onError,
  });
  return {
    ...wired,
    kind: "redis",
    async ping() {
      await ringing.ping();
    },
    async close() {
      await Promise.all(Object.values(wired.queues).map((queue) => queue.close()));
      ringing.disconnect();
      working.disconnect();
    },
  };
}

/** Connects, and asks whether this Redis can be a queue at all. Sentences name its host, never its password. */
async function inspect(redis: Redis, where: string): Promise<void> {
  // ioredis tells the reason by this event and then rejects with `Connection is closed`.
  let reason: unknown;
  redis.on("error", (error: unknown) => (reason = error));
  try {
    await redis.connect();
    const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info("memory"))?.[1] ?? "noeviction";
    if (policy === "noeviction") return;
    throw new Fault(
      "QUEUE_REDIS_EVICTS",
      `Redis at ${where} may throw away bells when its memory is full (maxmemory-policy is ${policy}). Set maxmemory-policy to noeviction, or unset REDIS_URL to keep the queue in Postgres.`,
      { where, policy },
    );
  } catch (error) {
    redis.disconnect();
    if (error instanceof Fault) throw error;
    throw new Fault(
      "QUEUE_REDIS_UNREACHABLE",
      `Redis at ${where} does not answer (${sentenceOf(reason ?? error)}). Start it, correct REDIS_URL, or unset REDIS_URL to keep the queue in Postgres.`,
      { where },
    );
  }
}

function hostOf(redisUrl: string): string {
  const url = URL.parse(redisUrl);
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === "") {
    throw new Fault("QUEUE_REDIS_URL", "REDIS_URL is no Redis address. Write it as redis://host:6379 (or rediss:// for TLS).");
  }
  return `${url.hostname}:${url.port || "6379"}`;
}
