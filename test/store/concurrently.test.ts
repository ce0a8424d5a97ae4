import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { silentLog } from "../../src/lib/log.ts";
import { migrate } from "../../src/store/migrate.ts";
import { poolOn } from "../../src/store/open.ts";
import { emptyStore, until, type TestStore } from "../support/store.ts";

const TABLE = "create table slugline.one (n int, was_unique int unique); insert into slugline.one values (1), (2);";
const INDEX = `-- concurrently
create unique index concurrently one_n on slugline.one (n);
alter table slugline.one drop constraint if exists one_was_unique_key;
`;

let folder: string;
let db: TestStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slugline-sql-"));
  await writeFile(join(folder, "0001_one.sql"), TABLE);
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  await rm(join(folder, "0002_one_n.sql"), { force: true });
  db = await emptyStore();
  await migrate(db, silentLog, folder);
  await writeFile(join(folder, "0002_one_n.sql"), INDEX);
});

/** The index as Postgres has it; undefined before its build begins. */
async function index(): Promise<{ oid: number; valid: boolean } | undefined> {
  const { rows } = await db.query<{ oid: number; valid: boolean }>(
    "select indexrelid::int8 as oid, indisvalid as valid from pg_index where indexrelid = to_regclass('slugline.one_n')",
  );
  return rows[0];
}

async function recorded(): Promise<number[]> {
  const { rows } = await db.query<{ number: number }>("select number from slugline.migration order by 1");
  return rows.map(({ number }) => number);
}

/** Somebody's long report: a build waits for its snapshot before it is done. */
async function reading<Result>(work: () => Promise<Result>): Promise<Result> {
  const client = await db.pool.connect();
  await client.query("begin isolation level repeatable read; select from slugline.one");
  try {
    return await work();
  } finally {
    await client.query("commit");
    client.release();
  }
}

const begun = () => until(async () => (await index())?.valid === false);

describe("A migration marked -- concurrently", () => {
  test("keeps no writer waiting while its index is built, and two processes that start at once build it once", async () => {
    const other = await poolOn(db.connection, { log: silentLog, max: 2, whenClosed: async () => undefined });
    const { both } = await reading(async () => {
      const both = [migrate(db, silentLog, folder), migrate(other, silentLog, folder)];
      await begun();
      await db.query("begin; set local lock_timeout = '200ms'; insert into slugline.one values (3); commit");
      expect((await index())?.valid).toBe(false);
      expect(await recorded()).toEqual([1]);
      return { both };
    });
    await Promise.all(both);
    await other.close();
    expect((await index())?.valid).toBe(true);
    expect(await recorded()).toEqual([1, 2]);
    await expect(db.query("insert into slugline.one values (3)")).rejects.toMatchObject({ code: "23505" });
    await db.query("insert into slugline.one values (4, 1), (5, 1)");
  });

  test("is done again where its build was interrupted", async () => {
    await reading(async () => {
      const ended = migrate(db, silentLog, folder).catch((error: unknown) => error);
      await begun();
      await db.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like 'create unique index concurrently%'",
      );
      expect(await ended).toMatchObject({ code: "MIGRATION_FAILED" });
    });
    expect((await index())?.valid).toBe(false);
    expect(await recorded()).toEqual([1]);
    await migrate(db, silentLog, folder);
    expect((await index())?.valid).toBe(true);
    expect(await recorded()).toEqual([1, 2]);
  });

  test("is done again when the rows that it does not take are mended", async () => {
    await db.query("insert into slugline.one values (2)");
    await expect(migrate(db, silentLog, folder)).rejects.toMatchObject({ code: "MIGRATION_FAILED" });
    expect(await recorded()).toEqual([1]);
    await db.query("delete from slugline.one where n = 2");
    await migrate(db, silentLog, folder);
    expect((await index())?.valid).toBe(true);
  });

  test("leaves an index alone that is there already", async () => {
    await db.query("create unique index one_n on slugline.one (n)");
    const before = await index();
    await migrate(db, silentLog, folder);
    expect(await index()).toEqual(before);
    expect(await recorded()).toEqual([1, 2]);
  });
});
