import type { PoolClient } from "pg";
import { codeOf, Fault, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import { systemClock } from "../lib/time.ts";
import type { Db, Store } from "./db.ts";
import { inOneGo, isFormOf, migrationsFolder, readMigrations, statementsOf, type Migration } from "./migration.ts";

/** How far the database is: the highest number applied, the highest this code has, and the files still to apply. */
export interface MigrationState {
  readonly applied: number;
  readonly expected: number;
  readonly pending: readonly string[];
}

/** "Slug", 3: beside the places of tenant.ts. */
const MIGRATING = "1399616871, 3";
/** Another process may be building a large index. */
const WAIT_FOR_ANOTHER_MS = 600_000;
const ASK_AGAIN_MS = 50;
/** An index that is built beside the others' work waits this long for their transactions; nobody waits for it. */
const WAIT_FOR_OTHERS = "60s";
/**
 * Whoever wants a table stands in line behind us. After so long we step back and try again: of five tables (the most that a
 * file changes) the waiting ends before a second is over, in which nobody notices, and after which Postgres would end the
 * other one's transaction where each of us waits for what the other has.
 */
const WAIT_FOR_A_TABLE = "200ms";
const TRY_AGAIN_MS = 300;
const TRY_FOR_MS = 60_000;
/** Lock not available, deadlock. */
const BUSY = ["55P03", "40P01"];

/** What stands before the first file can be recorded. */
export const BEFORE_ALL = `create schema if not exists slugline;
  create table if not exists slugline.migration (
    number integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp(),
    needs integer not null default 0
  )`;

/**
 * Brings the schema to where this code expects it: numbered files, forward only, each in a transaction with the row
 * that records it, or beside the others' work (`-- concurrently`) and recorded when all of it is there. Any number of
 * processes may call this at once; one works and the others wait and find it done.
 *
 * @throws Fault MIGRATION_EDITED, DATABASE_NEWER, MIGRATION_FAILED, MIGRATION_BUSY
 */
export async function migrate(store: Store, log: Log, folder: string = migrationsFolder): Promise<void> {
  const files = await readMigrations(folder);
  const client = await store.pool.connect();
  let broken = true;
  try {
    await client.query(`set lock_timeout = '${WAIT_FOR_OTHERS}'`);
    await migrateAlone(client, "pg_try_advisory_lock");
    await client.query(BEFORE_ALL);
    // Asked first, because even `if not exists` would keep readers of the table waiting.
    const { rowCount: known } = await client.query(
      "select from information_schema.columns where table_schema = 'slugline' and table_name = 'migration' and column_name = 'needs'",
    );
    if (known === 0) await client.query("alter table slugline.migration add column needs integer not null default 0");
    const applied = await appliedTo(client);
    refuseStrangers(files, applied);
    await refuseTooNew(client, files.at(-1)?.number ?? 0, log);
    for (const file of files.filter(({ number }) => !applied.has(number))) await applyInTurn(client, file, log);
    await client.query(`select pg_advisory_unlock(${MIGRATING})`);
    await client.query("reset lock_timeout");
    broken = false;
  } catch (error) {
    throw isBusy(error) ? busy(error) : error;
  } finally {
    // A connection that failed half-way may hold the lock: it is closed, not given back.
    client.release(broken);
  }
}

/**
 * Until no other process migrates. Asked again and again: whoever waits inside a statement is waited for by an index that
 * is built concurrently, and both would wait for ever.
 *
 * @param take held to the end of the session, or of the transaction (`xact`)
 * @throws Fault MIGRATION_BUSY
 */
export async function migrateAlone(
  client: PoolClient,
  take: "pg_try_advisory_lock" | "pg_try_advisory_xact_lock",
): Promise<void> {
  for (const until = performance.now() + WAIT_FOR_ANOTHER_MS; ; await systemClock.sleep(ASK_AGAIN_MS)) {
    const { rows } = await client.query<{ alone: boolean }>(`select ${take}(${MIGRATING}) as alone`);
    if (rows[0]?.alone) return;
    if (performance.now() > until) throw busy(undefined);
  }
}

function isBusy(error: unknown): boolean {
  return BUSY.includes(codeOf(error) ?? "");
}

function busy(cause: unknown): Fault {
  const sentence =
    "The database could not be migrated: another program holds a lock on it. Stop what works on it, and try again.";
  return new Fault("MIGRATION_BUSY", sentence, {}, cause);
}

/** For /readyz and `slugline check`. */
export async function migrationState(db: Db, folder: string = migrationsFolder): Promise<MigrationState> {
  const files = await readMigrations(folder);
  const { rows } = await db.query<{ there: boolean }>("select to_regclass('slugline.migration') is not null as there");
  const applied = rows[0]?.there ? await appliedTo(db) : new Map<number, Applied>();
  return {
    applied: Math.max(0, ...applied.keys()),
    expected: files.at(-1)?.number ?? 0,
    pending: files.filter(({ number }) => !applied.has(number)).map(({ name }) => name),
  };
}

interface Applied {
  readonly name: string;
  readonly checksum: string;
}

async function appliedTo(db: Pick<PoolClient, "query"> | Db): Promise<Map<number, Applied>> {
  const { rows } = await (db as Db).query<Applied & { number: number }>(
    "select number, name, checksum from slugline.migration order by number",
  );
  return new Map(rows.map((row) => [row.number, row]));
}

function refuseStrangers(files: readonly Migration[], applied: ReadonlyMap<number, Applied>): void {
  for (const [number, was] of applied) {
    const file = files.find((candidate) => candidate.number === number);
    if (file && !isFormOf(file, was.checksum)) {
      const sentence = `Migration ${file.name} was edited after it was applied to this database. Put the file back as it was, and write a new one for the change.`;
      throw new Fault("MIGRATION_EDITED", sentence, { migration: file.name });
    }
  }
}

/**
 * A newer Slugline has worked here, or works beside us in the middle of an upgrade. Its migrations only added, unless one
 * says which version it needs: so this one goes on, and may be gone back to.
 */
async function refuseTooNew(client: PoolClient, highest: number, log: Log): Promise<void> {
  const { rows } = await client.query<{ name: string; needs: number }>(
    "select name, needs from slugline.migration where number > $1 order by needs desc, number desc",
    [highest],
  );
  const [newest] = rows;
  if (!newest) return;
  if (newest.needs > highest) {
    const sentence = `The database is newer than this Slugline: it has migration ${newest.name}, with which this version cannot work. Install the newer version again.`;
    throw new Fault("DATABASE_NEWER", sentence, { migration: newest.name });
  }
  log.warn({ migration: newest.name }, "A newer Slugline has migrated this database; what it added is left alone");
}

/** Applies one file, and records it, in the transaction that is open. */
export async function applyIn(client: PoolClient, file: Migration): Promise<void> {
  await client.query(file.concurrently ? inOneGo(file) : file.sql);
  await record(client, file);
}

async function record(client: PoolClient, { number, name, checksum, needs }: Migration): Promise<void> {
  await client.query("insert into slugline.migration (number, name, checksum, needs) values ($1, $2, $3, $4)", [
    number,
    name,
    checksum,
    needs,
  ]);
}

/** Waits for its tables in short turns, so that a long transaction of somebody's never makes the others wait with us. */
async function applyInTurn(client: PoolClient, file: Migration, log: Log): Promise<void> {
  for (const until = performance.now() + TRY_FOR_MS; ; await systemClock.sleep(TRY_AGAIN_MS)) {
    try {
      await (file.concurrently ? applyBeside(client, file) : briefly(client, () => applyIn(client, file)));
      log.debug({ migration: file.name }, "Migrated");
      return;
    } catch (error) {
      if (!isBusy(error)) throw failed(file, error);
      if (performance.now() > until) throw error;
    }
  }
}

function failed({ name, concurrently }: Migration, error: unknown): Fault {
  const left = concurrently ? "and is done again the next time" : "and nothing of it was kept";
  const sentence = `Migration ${name} failed, ${left}: ${sentenceOf(error)}`;
  return new Fault("MIGRATION_FAILED", sentence, { migration: name }, error);
}

/** One statement after another, while others write; what an earlier try has finished is not done again. */
async function applyBeside(client: PoolClient, file: Migration): Promise<void> {
  for (const { statement, index } of statementsOf(file)) {
    if (index === undefined) await briefly(client, () => client.query(statement));
    else await build(client, index, statement);
  }
  await record(client, file);
}

/** A build that was interrupted leaves an index that is kept up and never used. */
async function build(client: PoolClient, index: string, statement: string): Promise<void> {
  const { rows } = await client.query<{ valid: boolean }>(
    "select indisvalid as valid from pg_index where indexrelid = to_regclass($1)",
    [`slugline.${index}`],
  );
  if (rows[0]?.valid) return;
  if (rows[0]) await client.query(`drop index concurrently slugline.${index}`);
  await client.query(statement);
}

async function briefly(client: PoolClient, work: () => Promise<unknown>): Promise<void> {
  try {
    await client.query("begin");
    await client.query(`set local lock_timeout = '${WAIT_FOR_A_TABLE}'`);
    await work();
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}
