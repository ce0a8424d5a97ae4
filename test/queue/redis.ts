import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { Db } from "../../src/store/db.ts";
import { until } from "../support/store.ts";

/** Why nothing can be tried on Redis, or undefined where there is one. */
export const redisMissing =
  spawnSync("redis-server", ["--version"]).status === 0
    ? undefined
    : "no redis-server on PATH (Debian: apt-get install redis-server)";

/** Why the tests on Redis are skipped, or undefined where they run. */
export const noRedis = process.env.FULL ? redisMissing : "the queue on Redis is tried in the full run";

export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes what it kept. */
  remove(): Promise<void>;
}

/** A Redis of this test's own, on a free port of the loopback; it keeps nothing on disk. */
export async function startRedis(...options: string[]): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), "slugline-redis-"));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | undefined;
  async function start(): Promise<void> {
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir, ...options];
    server = spawn("redis-server", args, { stdio: "ignore" });
    await until(async () => answers(port));
  }
  async function stop(): Promise<void> {
    if (server?.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, "exit");
    server.kill("SIGKILL");
    await gone;
  }
  async function remove(): Promise<void> {
    await stop();
    await rm(dir, { recursive: true, force: true });
  }
  try {
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return { url, start, stop, remove };
}

/** Whether somebody accepts there; a password does not matter. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** What Postgres says to the one of two that wait for each other that it ends. */
const DEADLOCK = "40P01";

/** Forgets everything BullMQ knew, as a flushed Redis does. */
export async function flush(db: Db, redisUrl: string | undefined): Promise<void> {
  if (redisUrl !== undefined) {
    const redis = new Redis(redisUrl);
    await redis.flushall();
    redis.disconnect();
    return;
  }
  const { rows } = await db.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'bullmq' and tablename <> 'migration'",
  );
  // It locks every table; a worker may hold one of them and want the next, and Postgres then ends one of the two.
  await until(() =>
    db.query(`truncate ${rows.map(({ name }) => name).join(", ")}`).catch((error: { code?: string }) => {
      if (error.code === DEADLOCK) return false;
      throw error;
    }),
  );
}
