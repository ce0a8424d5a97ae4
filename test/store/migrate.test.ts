import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { silentLog } from "../../src/lib/log.ts";
import { migrate, migrationState } from "../../src/store/migrate.ts";
import { poolOn } from "../../src/store/open.ts";
import { advance, emptyStore, testStore } from "../support/store.ts";

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slugline-sql-"));
  folders.push(folder);
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql);
  return folder;
}

const first = "create table slugline.one (n int); insert into slugline.one values (1);";
const slow = "select pg_sleep(0.2); create table slugline.two (n int);";

describe("Migrating the database", () => {
  test("eight processes that start at once migrate it once", async () => {
    const db = await emptyStore();
    const folder = await folderOf({ "0001_one.sql": first, "0002_two.sql": slow });
    const stores = await Promise.all(
      Array.from({ length: 8 }, () => poolOn(db.connection, { log: silentLog, max: 1, whenClosed: async () => undefined })),
    );
    await Promise.all(stores.map((store) => migrate(store, silentLog, folder)));
    await Promise.all(stores.map((store) => store.close()));
    expect((await db.query("select n from slugline.one")).rows).toEqual([{ n: 1 }]);
    expect((await db.query("select number from slugline.migration order by 1")).rows).toEqual([{ number: 1 }, { number: 2 }]);
  });

  test("says how far it is, before, between and after", async () => {
    const db = await emptyStore();
    const [one, both] = [
      await folderOf({ "0001_one.sql": first }),
      await folderOf({ "0001_one.sql": first, "0002_two.sql": slow }),
    ];
    expect(await migrationState(db, both)).toEqual({ applied: 0, expected: 2, pending: ["0001_one.sql", "0002_two.sql"] });
    await migrate(db, silentLog, one);
    expect(await migrationState(db, both)).toEqual({ applied: 1, expected: 2, pending: ["0002_two.sql"] });
    await migrate(db, silentLog, both);
    expect(await migrationState(db, both)).toEqual({ applied: 2, expected: 2, pending: [] });
  });

  test("an edited migration is refused with its name; other line ends are no edit", async () => {
    const db = await emptyStore();
    await migrate(db, silentLog, await folderOf({ "0001_one.sql": "create table slugline.one\n(n int);\n" }));
    await migrate(db, silentLog, await folderOf({ "0001_one.sql": "create table slugline.one\r\n(n int);\r\n" }));
    const edited = await folderOf({ "0001_one.sql": "create table slugline.one (n bigint);" });
    await expect(migrate(db, silentLog, edited)).rejects.toMatchObject({
      code: "MIGRATION_EDITED",
      message: expect.stringContaining("0001_one.sql"),
    });
  });

  test("a database that a newer Slugline has added to is worked on; one that needs the newer Slugline is left alone", async () => {
    const older = await folderOf({ "0001_one.sql": first });
    const added = await emptyStore();
    await migrate(added, silentLog, await folderOf({ "0001_one.sql": first, "0002_two.sql": slow }));
    await migrate(added, silentLog, older);
    expect(await migrationState(added, older)).toEqual({ applied: 2, expected: 1, pending: [] });

    const contracted = await emptyStore();
    const dropped = `-- needs: 2\nalter table slugline.one drop column n;`;
    await migrate(
      contracted,
      silentLog,
      await folderOf({ "0001_one.sql": first, "0002_two.sql": dropped, "0003_more.sql": slow }),
    );
    await expect(migrate(contracted, silentLog, older)).rejects.toMatchObject({
      code: "DATABASE_NEWER",
      message: expect.stringContaining("0002_two.sql"),
    });
  });

  test("a migration that fails leaves nothing, and can be tried again when mended", async () => {
    const db = await emptyStore();
    const broken = await folderOf({ "0001_one.sql": `${first} select no_such_function();` });
    await expect(migrate(db, silentLog, broken)).rejects.toMatchObject({ code: "MIGRATION_FAILED" });
    expect((await db.query<{ at: string | null }>("select to_regclass('slugline.one') as at")).rows[0]?.at).toBeNull();
    await migrate(db, silentLog, await folderOf({ "0001_one.sql": first }));
    expect((await db.query("select n from slugline.one")).rows).toEqual([{ n: 1 }]);
  });

  test("a gap in the numbers is refused", async () => {
    const db = await emptyStore();
    const gap = await folderOf({ "0001_one.sql": first, "0003_three.sql": slow });
    await expect(migrate(db, silentLog, gap)).rejects.toMatchObject({ code: "MIGRATION_MISNUMBERED" });
  });
});

describe("A test's own database", () => {
  test("is fully migrated, and its clock can be moved", async () => {
    const db = await testStore();
    expect(await migrationState(db)).toMatchObject({ pending: [] });
    await advance(db, "2d");
    const { rows } = await db.query<{ ahead: number }>(
      "select extract(epoch from slugline.now() - statement_timestamp())::int8 as ahead",
    );
    expect(rows[0]?.ahead).toBe(172_800);
  });
});
