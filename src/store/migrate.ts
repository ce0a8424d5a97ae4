import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PoolClient } from "pg";
import { codeOf, Fault, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import { projectRoot } from "../lib/root.ts";
import type { Db, Store } from "./db.ts";

/** How far the database is: the highest number applied, the highest this code has, and the files still to apply. */
export interface MigrationState {
  readonly applied: number;
  readonly expected: number;
  readonly pending: readonly string[];
}

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

const migrationsFolder: string = join(projectRoot, "src/store/migrations");

/** "Slug", 3: beside the places of tenant.ts. */
const LOCK = "1399616871, 3";
const WAIT_FOR_OTHERS = "60s";
const WAIT_FOR_A_TABLE = "10s";

/**
 * Brings the schema to where this code expects it: numbered files, forward only, each in a transaction with the row
 * that records it. Any number of processes may call this at once; one works and the others wait and find it done.
 *
 * @throws Fault MIGRATION_EDITED, DATABASE_NEWER, MIGRATION_FAILED, MIGRATION_BUSY
 */
export async function migrate(store: Store, log: Log, folder: string = migrationsFolder): Promise<void> {
  const files = await readMigrations(folder);
  const client = await store.pool.connect();
  let broken = true;
  try {
    await client.query(`set lock_timeout = '${WAIT_FOR_OTHERS}'`);
    await client.query(`select pg_advisory_lock(${LOCK})`);
    await client.query(
      `create schema if not exists slugline;
       create table if not exists slugline.migration (
         number integer primary key,
         name text not null,
         checksum text not null,
         applied_at timestamptz not null default clock_timestamp()
       )`,
    );
    const applied = await appliedTo(client);
    refuseStrangers(files, applied);
    for (const file of files.filter(({ number }) => !applied.has(number))) await apply(client, file, log);
    await client.query(`select pg_advisory_unlock(${LOCK})`);
    await client.query("reset lock_timeout");
    broken = false;
  } catch (error) {
    if (codeOf(error) !== "55P03") throw error;
    const sentence =
      "The database could not be migrated: another program holds a lock on it. Stop what works on it, and try again.";
    throw new Fault("MIGRATION_BUSY", sentence, {}, error);
  } finally {
    // A connection that failed half-way may hold the lock: it is closed, not given back.
    client.release(broken);
  }
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
    if (!file) {
      const sentence = `The database is newer than this Slugline: it has migration ${was.name}, which this version does not know. Install the newer version again.`;
      throw new Fault("DATABASE_NEWER", sentence, { migration: was.name });
    }
    if (file.checksum !== was.checksum) {
      const sentence = `Migration ${file.name} was edited after it was applied to this database. Put the file back as it was, and write a new one for the change.`;
      throw new Fault("MIGRATION_EDITED", sentence, { migration: file.name });
    }
  }
}

async function apply(client: PoolClient, { number, name, sql, checksum }: Migration, log: Log): Promise<void> {
  try {
    await client.query("begin");
    await client.query(`set local lock_timeout = '${WAIT_FOR_A_TABLE}'`);
    await client.query(sql);
    await client.query("insert into slugline.migration (number, name, checksum) values ($1, $2, $3)", [number, name, checksum]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    if (codeOf(error) === "55P03") throw error;
    throw new Fault(
      "MIGRATION_FAILED",
      `Migration ${name} failed, and nothing of it was kept: ${sentenceOf(error)}`,
      { migration: name },
      error,
    );
  }
  log.debug({ migration: name }, "Migrated");
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  const files = await Promise.all(
    names.map(async (name) => {
      // Git may check out with other line ends; the content is the same.
      const sql = (await readFile(join(folder, name), "utf8")).replaceAll("\r\n", "\n");
      return { number: Number.parseInt(name, 10), name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
  const wrong = files.find(({ number }, at) => number !== at + 1);
  if (wrong)
    throw new Fault(
      "MIGRATION_MISNUMBERED",
      `Migration ${wrong.name} breaks the sequence: the files are numbered 0001, 0002, ... without gaps.`,
    );
  return files;
}
