import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import type { PoolClient } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { codeOf, Fault, sentenceOf } from "../../lib/fault.ts";
import { dbOf, type Db, type Store } from "../db.ts";
import { applyIn, BEFORE_ALL, migrateAlone } from "../migrate.ts";
import { isFormOf, readMigrations, type Migration } from "../migration.ts";
import { broken, createReader, FORM, type Head, type Part, type Reader, type Sum } from "./form.ts";
import { bare, copied, tablesOf, type Table } from "./tables.ts";

/** What was loaded. */
export interface Loaded {
  readonly head: Head;
  readonly tables: Readonly<Record<string, number>>;
}

/** What is done in the restore's own transaction, once the rows are there and the schema is today's. */
export interface LoadedBy {
  /** Takes the click records that were not counted. */
  clicks(db: Db, lines: AsyncIterable<string>): Promise<void>;
  /** Whatever else belongs to it; what throws undoes all. */
  last(db: Db, head: Head): Promise<void>;
}

/**
 * So far ahead does each sequence begin after a restore. Numbers that were given since the backup stand in click records
 * and are not known here; a link made from now on must not get the clicks of one that is lost.
 */
const SKIPPED_NUMBERS = 100_000;

/**
 * Loads a backup into a store that has no newsroom yet, in one transaction: all of it, or nothing. The schema is made as the
 * backup's Slugline had it, filled, and brought to where this one expects it.
 *
 * @throws Fault BACKUP_MISSING, BACKUP_BROKEN, BACKUP_NEWER, STORE_NOT_EMPTY, and whatever `by` throws
 */
export async function loadFrom(file: string, store: Store, by: LoadedBy): Promise<Loaded> {
  const packed = createReadStream(file);
  const unpacked = createZstdDecompress();
  // Its fault comes out of the iteration below, which may not listen at the moment it happens.
  unpacked.on("error", () => undefined);
  const piped = pipeline(packed, unpacked).catch(() => undefined);
  const client = await store.pool.connect();
  let failed = true;
  try {
    await client.query("begin");
    const loaded = await load(client, createReader(unpacked), by);
    await client.query("commit");
    failed = false;
    return loaded;
  } catch (error) {
    throw told(error, file);
  } finally {
    // A connection in the middle of a COPY is closed, not given back: Postgres takes back all it did.
    client.release(failed);
    unpacked.destroy();
    packed.destroy();
    await piped;
  }
}

function told(error: unknown, file: string): unknown {
  if (error instanceof Fault) return error;
  const code = codeOf(error) ?? "";
  if (code === "ENOENT" || code === "EACCES" || code === "EISDIR")
    return new Fault("BACKUP_MISSING", `${file} cannot be read: ${sentenceOf(error)}`, { file }, error);
  if (/^(ZSTD_error|ERR_ZSTD|Z_|ERR_|UNKNOWN)/.test(code)) return broken("it is cut off, or was changed", error);
  // Postgres does not take the rows: classes 22 (data) and 23 (constraints).
  if (/^2[23]/.test(code)) return broken(`Postgres does not take its rows (${sentenceOf(error)})`, error);
  return error;
}

async function load(client: PoolClient, reader: Reader, by: LoadedBy): Promise<Loaded> {
  const db = dbOf(client);
  const head = headOf(await reader.line());
  const files = await readMigrations();
  const ours = files.slice(0, reach(head, files));
  await migrateAlone(client, "pg_try_advisory_xact_lock");
  await refuseFull(db);
  await client.query("drop schema if exists slugline cascade");
  await client.query(BEFORE_ALL);
  for (const file of ours) await applyIn(client, file);

  const known = await tablesOf(db);
  await client.query(`truncate ${known.map(bare).join(", ")} cascade`);
  for (const table of known) await client.query(`alter table ${bare(table)} disable trigger user`);
  const tables: Record<string, number> = {};
  for (let line = await nextPart(reader); line.part !== "clicks"; line = await nextPart(reader)) {
    const { name, columns } = line;
    const table = known.find((one) => one.name === name);
    if (!table || !columns.every((one) => table.columns.includes(one)))
      throw broken(`it has a table ${name} that its own version had not`);
    tables[name] = await take(reader, name, (body) => fill(client, { name, columns }, body));
  }
  const missing = known.find(({ name }) => tables[name] === undefined);
  if (missing) throw broken(`it has no ${missing.name}`);
  for (const table of known) await client.query(`alter table ${bare(table)} enable trigger user`);
  await countOn(client, head);
  for (const file of files.slice(ours.length)) await applyIn(client, file);
  await db.query("select slugline.keep_change_order()");
  await take(reader, "clicks", (body) => by.clicks(db, linesOf(body)));
  const end = (await reader.line()) as { end?: boolean; parts?: number } | undefined;
  if (end?.end !== true || end.parts !== known.length + 1) throw broken("it is cut off");
  // The last bytes are the compression's own sum, which Node 26 misses where they are cut off. Each part has a sum of ours.
  if ((await reader.line()) !== undefined) throw broken("something follows its end");
  await by.last(db, head);
  return { head, tables };
}

async function nextPart(reader: Reader): Promise<Part> {
  const line = (await reader.line()) as Part | undefined;
  if (line?.part === "clicks" || (line?.part === "table" && Array.isArray(line.columns))) return line;
  throw broken(line === undefined ? "it is cut off" : "it is not a backup of Slugline, or was changed");
}

function headOf(line: unknown): Head {
  const head = line as Partial<Head> | undefined;
  if (head?.slugline !== "backup" || !Array.isArray(head.migrations) || typeof head.at !== "string")
    throw broken("it is not a backup of Slugline");
  if (head.form !== FORM) throw newer(head.version);
  return head as Head;
}

function newer(version: string | undefined): Fault {
  const sentence = `The backup is of Slugline ${version ?? "?"}, which this one does not read. Install that version, or a newer one, and restore with it.`;
  return new Fault("BACKUP_NEWER", sentence, { version });
}

/** The number of the migration up to which the backup's rows were kept. */
function reach(head: Head, files: readonly Migration[]): number {
  const reached = head.migrations.map(({ number, checksum }, at) => {
    const file = files[at];
    if (file?.number !== number || !isFormOf(file, checksum)) throw newer(head.version);
    return checksum === file.checksum ? number : (file.was?.with ?? number);
  });
  return Math.max(0, ...reached);
}

/** Tables that a migration, or nothing but time, fills. */
const NOBODYS = ["newsroom", "change_order"];

async function refuseFull(db: Db): Promise<void> {
  for (const table of await tablesOf(db)) {
    if (NOBODYS.includes(table.name)) continue;
    const { rows } = await db.query<{ full: boolean }>(`select exists (select from ${bare(table)}) as full`);
    if (!rows[0]?.full) continue;
    const sentence =
      `There is a newsroom in this store already (its table ${table.name} is not empty). A backup is restored into an empty one: ` +
      "stop Slugline, and set DATA_DIR to a new folder, or DATABASE_URL to a new database. Nothing was changed.";
    throw new Fault("STORE_NOT_EMPTY", sentence, { table: table.name });
  }
}

/** Reads a part to its end, and proves that it is what was written. */
async function take<Result>(
  reader: Reader,
  name: string,
  read: (body: AsyncIterable<Buffer>) => Promise<Result>,
): Promise<Result> {
  let sum: Sum | undefined;
  async function* summed(): AsyncGenerator<Buffer> {
    sum = yield* reader.body(name);
  }
  const result = await read(summed());
  const said = (await reader.line()) as Partial<Sum> | undefined;
  if (sum === undefined || said?.sha256 !== sum.sha256 || said.rows !== sum.rows) throw broken(`${name} was changed`);
  return result;
}

async function fill(client: PoolClient, table: Table, body: AsyncIterable<Buffer>): Promise<number> {
  const rows = client.query(copyFrom(`copy ${copied(table)} from stdin`));
  await pipeline(Readable.from(body), rows);
  return rows.rowCount;
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of body) {
    const lines = (rest + piece.toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function countOn(client: PoolClient, head: Head): Promise<void> {
  for (const [name, last] of Object.entries(head.sequences)) {
    const [table = "", column = ""] = name.split(".");
    await client.query("select setval(pg_get_serial_sequence($1, $2)::regclass, $3::bigint)", [
      `slugline.${table}`,
      column,
      Math.trunc(last) + SKIPPED_NUMBERS,
    ]);
  }
}
