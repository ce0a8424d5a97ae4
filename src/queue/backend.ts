import type { PoolConfig } from "pg";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { Wired } from "./bullmq.ts";
import { openPostgres } from "./postgres.ts";
import { openRedis } from "./redis.ts";

/** BullMQ over whichever store was given. The rest of this folder does not know which. */
export interface Backend extends Wired {
  readonly kind: "postgres" | "redis";
  /** Resolves when the store behind the queue answers. */
  ping(): Promise<void>;
  /** Lets go of every connection. Close the workers first. */
  close(): Promise<void>;
}

export interface BackendOptions {
  redisUrl?: string | undefined;
  connection: PoolConfig;
  /** How long a worker may be silent before its jobs count as nobody's, in milliseconds. */
  lockMs: number;
  clock: Clock;
  log: Log;
}

/** BullMQ on Redis when it is given, else on the Postgres that holds the rows. */
export function openBackend({ redisUrl, ...options }: BackendOptions): Promise<Backend> {
  return redisUrl === undefined ? openPostgres(options) : openRedis({ ...options, redisUrl });
}
