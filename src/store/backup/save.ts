import { createWriteStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import type { PoolClient } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { codeOf, Fault, sentenceOf } from "../../lib/fault.ts";
import { dbOf, type Db, type Store } from "../db.ts";
import { createSum, END_OF_PART, FORM, lineOf, type Head, type Part } from "./form.ts";
import { bare, copied, sequencesOf, tablesOf } from "./tables.ts";

/** What was saved. */
export interface Saved {
  readonly file: string;
  readonly at: string;
  readonly bytes: number;
  readonly migration: number;
  /** Rows by table. */
  readonly tables: Readonly<Record<string, number>>;
  /** Pieces of click records that were not counted yet. */
  readonly clicks: number;
}

/** Lines of a part are handed on in pieces of about this size. */
const PIECE_BYTES = 256 * 1024;

/**
 * Writes all rows of the schema, as of one moment, into one file, while others read and write. Asks for no lock that keeps
 * a writer waiting; a migration waits. The file appears under its name only when it is whole and on the disk (mode 0600).
 *
 * @param clicks lines of click records that are not counted in this very snapshot
 * @throws Fault BACKUP_EXISTS, BACKUP_EMPTY, BACKUP_UNWRITABLE
 */
export async function saveTo(
  file: string,
  store: Store,
  { version, clicks }: { readonly version: string; readonly clicks: (snapshot: Db) => AsyncIterable<string> },
): Promise<Saved> {
  if (await stat(file).catch(() => undefined))
    throw new Fault("BACKUP_EXISTS", `${file} is there already. Name another file, or take it away.`, { file });
  const client = await store.pool.connect();
  let done = false;
  try {
    const saved = await save(file, client, version, clicks);
    await client.query("commit");
    done = true;
    return saved;
  } finally {
    // A connection in the middle of a COPY is closed, not given back.
    client.release(!done);
  }
}

async function save(
  file: string,
  client: PoolClient,
  version: string,
  clicks: (snapshot: Db) => AsyncIterable<string>,
): Promise<Saved> {
  const db = dbOf(client);
  await client.query("begin isolation level repeatable read, read only");
  // A slow disk may take longer over a table than a session may stand still.
  await client.query("set local idle_in_transaction_session_timeout = 0");
  await client.query("set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local bytea_output = 'hex'");
  const { rows: there } = await db.query<{ there: boolean }>("select to_regclass('slugline.migration') is not null as there");
  if (!there[0]?.there) throw new Fault("BACKUP_EMPTY", "There is nothing to back up: the store has no newsroom in it yet.");
  const tables = await tablesOf(db);
  // What readers take, all of it at once: no migration changes a table between the first row and the last.
  await client.query(`lock table ${tables.map(bare).join(", ")} in access share mode`);
  const { rows: migrations } = await db.query<Head["migrations"][number]>(
    "select number, name, checksum from slugline.migration order by number",
  );
  const { rows: now } = await db.query<{ at: Date }>("select slugline.now() as at");
  const at = now[0]!.at.toISOString();
  const head: Head = { slugline: "backup", form: FORM, version, at, migrations, sequences: await sequencesOf(db) };
  const counts: Record<string, number> = {};
  let pieces = 0;

  async function* part(begin: Part, lines: AsyncIterable<Buffer>, told: (rows: number) => void): AsyncGenerator<Buffer> {
    yield lineOf(begin);
    const passed = createSum();
    for await (const some of lines) {
      passed.add(some);
      yield some;
    }
    const sum = passed.sum();
    told(sum.rows);
    yield END_OF_PART;
    yield lineOf(sum);
  }

  async function* all(): AsyncGenerator<Buffer> {
    yield lineOf(head);
    for (const table of tables) {
      const rows = client.query(copyTo(`copy ${copied(table)} to stdout`));
      const { name, columns } = table;
      yield* part({ part: "table", name, columns }, rows, (count) => (counts[name] = count));
    }
    yield* part({ part: "clicks" }, gathered(clicks(db)), (count) => (pieces = count));
    yield lineOf({ end: true, parts: tables.length + 1 });
  }

  const bytes = await write(file, all());
  return { file, at, bytes, migration: migrations.at(-1)?.number ?? 0, tables: counts, clicks: pieces };
}

async function* gathered(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let held: string[] = [];
  let size = 0;
  for await (const line of lines) {
    held.push(line);
    size += line.length + 1;
    if (size < PIECE_BYTES) continue;
    yield Buffer.from(`${held.join("\n")}\n`);
    [held, size] = [[], 0];
  }
  if (held.length > 0) yield Buffer.from(`${held.join("\n")}\n`);
}

/** Beside its place, and moved there whole. */
async function write(file: string, chunks: AsyncIterable<Buffer>): Promise<number> {
  const draft = `${file}.${process.pid}.part`;
  const unwritable = (error: unknown) =>
    typeof codeOf(error) === "string" && /^E[A-Z]+$/.test(codeOf(error) ?? "")
      ? new Fault("BACKUP_UNWRITABLE", `The backup cannot be written to ${file}: ${sentenceOf(error)}`, { file }, error)
      : error;
  try {
    const packed = createZstdCompress({
      params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
    });
    await pipeline(Readable.from(chunks), packed, createWriteStream(draft, { flags: "wx", mode: 0o600, flush: true }));
    const { size } = await stat(draft);
    await rename(draft, file);
    const folder = await open(dirname(file), "r");
    await folder.sync().finally(() => folder.close());
    return size;
  } catch (error) {
    await rm(draft, { force: true });
    throw unwritable(error);
  }
}
