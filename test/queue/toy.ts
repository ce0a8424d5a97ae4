import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { silentLog, type Log } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { createQueue, type Queue } from "../../src/queue/queue.ts";
import type { Db } from "../../src/store/db.ts";
import { listen } from "../../src/store/listen.ts";
import { testStore, type TestStore } from "../support/store.ts";
import { flush, noRedis, startRedis, type RedisServer } from "./redis.ts";

/** A newsroom as small as can be: one table of rows that are due or done, and queues to ring about them. */
export class Toy {
  readonly #open = new Set<Queue>();
  #store: TestStore | undefined;
  redis: RedisServer | undefined;

  get store(): TestStore {
    if (this.#store === undefined) throw new Error("before its beforeAll");
    return this.#store;
  }

  async prepare(): Promise<void> {
    this.#store = await testStore();
    await this.store.query(
      "create table public.toy (id uuid primary key, state text not null default 'due', times integer not null default 0)",
    );
  }

  async stopQueues(): Promise<void> {
    await Promise.all(Array.from(this.#open, (queue) => queue.stop()));
    this.#open.clear();
  }

  async queue({
    redisUrl = this.redis?.url,
    ...options
  }: { redisUrl?: string; lockMs?: number; log?: Log } = {}): Promise<Queue> {
    const { store } = this;
    const queue = await createQueue({
      connection: store.connection,
      store,
      listen,
      log: silentLog,
      clock: systemClock,
      redisUrl,
      ...options,
    });
    this.#open.add(queue);
    return queue;
  }

  /** Forgets everything BullMQ knew. */
  flush(): Promise<void> {
    return flush(this.store, this.redis?.url);
  }

  async newRow(): Promise<string> {
    const id = newId();
    await this.store.query("insert into public.toy (id) values ($1)", [id]);
    return id;
  }

  /** The verb: compare and set, so that a second run changes nothing. */
  finish = async (id: string): Promise<void> => {
    await this.store.query("update public.toy set state = 'done', times = times + 1 where id = $1 and state = 'due'", [id]);
  };

  due = async (db: Db, limit: number): Promise<string[]> => {
    const { rows } = await db.query<{ id: string }>("select id from public.toy where state = 'due' order by id limit $1", [
      limit,
    ]);
    return rows.map(({ id }) => id);
  };

  async timesDone(id: string): Promise<number> {
    const { rows } = await this.store.query<{ times: number }>("select times from public.toy where id = $1", [id]);
    return rows[0]?.times ?? 0;
  }

  async outboxIsEmpty(): Promise<boolean> {
    const { rows } = await this.store.query("select from slugline.outbox");
    return rows.length === 0;
  }

  /** A process of its own that takes `delivery` and never finishes (`hang`), or leaves again (`leave`). */
  child(how: "hang" | "leave", lockMs = 30_000): ChildProcess {
    const file = fileURLToPath(new URL("worker.child.ts", import.meta.url));
    return spawn(process.execPath, [file, this.store.databaseUrl, this.redis?.url ?? "-", how, String(lockMs)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  }
}

/** Resolves when the child has printed this line. */
export async function said(child: ChildProcess, line: string): Promise<void> {
  if (child.stdout === null) throw new Error("the child has no output");
  const { promise, resolve } = Promise.withResolvers<void>();
  createInterface(child.stdout).on("line", (text) => text === line && resolve());
  await promise;
}

export const backends = [{ kind: "postgres" }, { kind: "redis" }] as const;

/** One database for the file; for each test an empty table, outbox and queue on this backend. */
export function toyOn(kind: "postgres" | "redis"): Toy {
  const toy = new Toy();
  const skipped = kind === "redis" && noRedis !== undefined;
  beforeAll(async () => {
    if (skipped) return console.warn(`The queue on Redis is not tested: ${noRedis}`);
    await toy.prepare();
    if (kind === "redis") toy.redis = await startRedis();
  });
  afterAll(() => toy.redis?.remove());
  beforeEach(async ({ skip }) => {
    skip(skipped, noRedis);
    await toy.queue();
    await toy.stopQueues();
    await toy.flush();
    await toy.store.query("truncate public.toy, slugline.outbox");
  });
  afterEach(() => toy.stopQueues());
  return toy;
}
