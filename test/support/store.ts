import { inject } from "vitest";
import { silentLog } from "../../src/lib/log.ts";
import { parseDuration } from "../../src/lib/time.ts";
import type { Db } from "../../src/store/db.ts";
import { poolOn, type OpenStore } from "../../src/store/open.ts";
import { template } from "./global.ts";

export interface TestStore extends OpenStore {
  /** The same database as an address, for a child process' DATABASE_URL. */
  readonly databaseUrl: string;
}

let made = 0;
const lent: (() => Promise<void>)[] = [];

/** A migrated database for this test file alone; it goes when the file is done. */
export async function testStore(): Promise<TestStore> {
  return databaseFrom(template);
}

/** A database with nothing in it, not even our schema. */
export async function emptyStore(): Promise<TestStore> {
  return databaseFrom("template0");
}

/** For test/support/after-file.ts: every database of a file goes, wherever in it it was asked for. */
export async function giveBack(): Promise<void> {
  for (const close of lent.splice(0).toReversed()) await close();
}

async function databaseFrom(source: string): Promise<TestStore> {
  const { host, port, user } = inject("postgres");
  const options = { log: silentLog, whenClosed: async () => undefined };
  const database = `test_${process.pid}_${(made += 1)}`;
  const server = await poolOn({ host, port, user, database: "postgres" }, { ...options, max: 1 });
  // Page by page through the log, as is usual, costs three times as much in memory.
  await server.query(`create database ${database} template ${source} strategy file_copy`);
  const store = await poolOn({ host, port, user, database }, { ...options, max: 3 });
  const close = once(async () => {
    // First, so that a client which a failed test still has in hand is waited for by nobody.
    await server.query(`drop database if exists ${database} with (force)`);
    await server.close();
    await store.close();
  });
  lent.push(close);
  const databaseUrl = `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
  return { ...store, databaseUrl, close };
}

/** Moves the database's clock (`slugline.now()`) on by a duration such as `90s`, `5m`, `12h`, `2d`. */
export async function advance(db: Db, duration: string): Promise<void> {
  const seconds = parseDuration(duration);
  if (seconds === undefined) throw new Error(`${duration} is no duration`);
  await db.query("update slugline.clock set shift = shift + make_interval(secs => $1)", [seconds]);
}

/** What must happen is tested, and how fast is measured in bench/: no machine is too slow to pass (milliseconds). */
export const PATIENCE_MS = 300_000;

/** Waits until `question` answers with something, or says that it did not. */
export async function until<Answer>(question: () => Promise<Answer | undefined | false>): Promise<Answer> {
  for (
    const end = performance.now() + PATIENCE_MS;
    performance.now() < end;
    await new Promise((resolve) => setTimeout(resolve, 20))
  ) {
    const answer = await question();
    if (answer !== undefined && answer !== false) return answer;
  }
  throw new Error(`Not within ${PATIENCE_MS} ms: ${question.toString()}`);
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
