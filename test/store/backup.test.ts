import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadFrom } from "../../src/store/backup/load.ts";
import { saveTo } from "../../src/store/backup/save.ts";
import { LEFT_OUT } from "../../src/store/backup/tables.ts";
import type { Store } from "../../src/store/db.ts";
import { openDesk } from "../support/desk.ts";
import { emptyStore, testStore, until, type TestStore } from "../support/store.ts";

let store: TestStore;
let folder: string;
let desk: Awaited<ReturnType<typeof openDesk>>;

beforeAll(async () => {
  store = await testStore();
  folder = await mkdtemp(join(tmpdir(), "slugline-backup-"));
  desk = await openDesk(store);
  await desk.account({ name: "masto-en", rehearsal: true });
  // What COPY has to escape: tabs, line ends, backslashes, a line that looks like COPY's own end, and NULL beside the empty text.
  const { id } = await desk.story({ title: "Tab\there, line\nthere, back\\slash, \\N and\n\\.\nthe end. سلام 🕊" });
  await desk.approve(Object.values((await desk.story()).posts)[0]!);
  await store.query("update slugline.article set summary = '', lang = null where id = $1", [id]);
});
afterAll(async () => {
  await desk.close();
  await rm(folder, { recursive: true, force: true });
});

const file = (name: string) => join(folder, name);
const save = (name: string, clicks: readonly string[] = []) =>
  saveTo(file(name), store, {
    version: "0.0.0-test",
    async *clicks() {
      yield* clicks;
    },
  });
const load = (name: string, into: Store, kept: string[] = []) =>
  loadFrom(file(name), into, {
    async clicks(_, lines) {
      for await (const line of lines) kept.push(line);
    },
    last: async () => undefined,
  });

/** Every row of every table that is backed up, as text. */
async function everything(of: Store): Promise<Record<string, string[]>> {
  const { rows } = await of.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'slugline'::regnamespace and relkind = 'r' and relname <> all($1) order by 1",
    [LEFT_OUT],
  );
  const found: Record<string, string[]> = {};
  for (const { name } of rows)
    found[name] = (await of.query<{ row: string }>(`select t::text as row from slugline.${name} t order by 1`)).rows.map(
      ({ row }) => row,
    );
  return found;
}

describe("a backup and its restore", () => {
  test("bring every row into an empty store as it was, and the store goes on", async () => {
    const before = await everything(store);
    const saved = await save("whole.backup", ["a 0 AAAA", "b 32 BBBB"]);
    expect(saved.tables).toMatchObject({ article: 2, post: 2, account: 1, event: expect.any(Number) as number });
    expect((await stat(saved.file)).mode & 0o777).toBe(0o600);
    const into = await emptyStore();
    const kept: string[] = [];
    const loaded = await load("whole.backup", into, kept);
    expect(loaded.tables).toEqual(saved.tables);
    expect(kept).toEqual(["a 0 AAAA", "b 32 BBBB"]);
    const after = await everything(into);
    delete before["change_order"];
    delete after["change_order"];
    expect(after).toEqual(before);
    // Triggers work again, and nothing that is numbered gets a number that was given since.
    await expect(into.query("update slugline.event set kind = 'other'")).rejects.toThrow("append-only");
    const last = await store.query<{ most: number }>("select max(number) as most from slugline.link");
    const { rows } = await into.query<{ number: number }>(
      "insert into slugline.link (id, code, target, placement) values (gen_random_uuid(), 'after22', 'https://example.org/', 'print') returning number",
    );
    expect(rows[0]!.number).toBeGreaterThan(last.rows[0]!.most + 10_000);
    // What is new comes after all that was there; a transaction that ends at this very moment may hold it back a moment longer.
    await until(async () => {
      const { rows: order } = await into.query<{ behind: boolean }>(
        "select slugline.change_horizon() > (select max(changed) from slugline.post) as behind",
      );
      return order[0]!.behind;
    });
  });

  test("are of one moment: what is written meanwhile is not in it, and nobody who writes waits", async () => {
    const blocker = await store.pool.connect();
    try {
      // Somebody changes an article, and has not committed yet.
      await blocker.query("begin; update slugline.article set title = 'half written'");
      const saving = saveTo(file("busy.backup"), store, {
        version: "0.0.0-test",
        async *clicks() {
          await store.query("update slugline.account set failures = failures + 1");
          yield* [];
        },
      });
      await saving;
      await blocker.query("rollback");
    } finally {
      blocker.release();
    }
    const text = zstdDecompressSync(await readFile(file("busy.backup"))).toString();
    expect(text).not.toContain("half written");
    const into = await emptyStore();
    await load("busy.backup", into);
    expect((await into.query<{ failures: number }>("select failures from slugline.account")).rows[0]!.failures).toBe(0);
  });

  test("carry no session, no sign-in link and no bell", async () => {
    await store.query(
      "insert into slugline.session (token_hash, person_id, expires_at) values ('\\xc0ffee', $1, now() + interval '1 day')",
      [desk.person],
    );
    await save("quiet.backup");
    const text = zstdDecompressSync(await readFile(file("quiet.backup"))).toString();
    for (const table of LEFT_OUT) expect(text).not.toContain(`"name":"${table}"`);
    expect(text).not.toContain("c0ffee");
  });
});

describe("a backup that cannot be trusted changes nothing", () => {
  const untouched = async (into: Store) =>
    expect((await into.query("select to_regnamespace('slugline') as there")).rows).toEqual([{ there: null }]);

  test("cut off anywhere", async () => {
    const { bytes } = await save("cut.backup");
    // Its very last bytes are the compression's own. Node before 26 does not miss them, and nothing of ours is missing with them.
    for (const kept of [0, bytes * 0.1, bytes * 0.5, bytes * 0.9, bytes - 64]) {
      const into = await emptyStore();
      await writeFile(file("cut-part.backup"), await readFile(file("cut.backup")));
      await truncate(file("cut-part.backup"), Math.floor(kept));
      await expect(load("cut-part.backup", into)).rejects.toMatchObject({ code: "BACKUP_BROKEN" });
      await untouched(into);
      await into.close();
    }
  });

  test("a byte changed, a row changed, a row left out, a table left out", async () => {
    await save("true.backup");
    const packed = await readFile(file("true.backup"));
    const text = zstdDecompressSync(packed).toString();
    const flipped = Buffer.from(packed);
    flipped[Math.floor(flipped.length / 2)]! ^= 0x10;
    const lines = text.split("\n");
    const account = lines.findIndex((line) => line.startsWith('{"part":"table","name":"account"'));
    const wrong: Record<string, Buffer> = {
      flipped,
      changed: zstdCompressSync(text.replace("masto-en", "masto-de")),
      "row-gone": zstdCompressSync(lines.toSpliced(account + 1, 1).join("\n")),
      "table-gone": zstdCompressSync(
        lines
          .toSpliced(
            lines.findIndex((line) => line.includes('"name":"timeline"')),
            3,
          )
          .join("\n"),
      ),
      "no-backup": Buffer.from("hello"),
      "other-text": zstdCompressSync("hello\n"),
    };
    for (const [name, bytes] of Object.entries(wrong)) {
      await writeFile(file(name), bytes);
      const into = await emptyStore();
      await expect(load(name, into), name).rejects.toMatchObject({ code: "BACKUP_BROKEN" });
      await untouched(into);
      await into.close();
    }
  });

  test("of a newer Slugline, into a store that has a newsroom, or over a file that is there", async () => {
    await save("mine.backup");
    await expect(save("mine.backup")).rejects.toMatchObject({ code: "BACKUP_EXISTS" });
    await expect(load("mine.backup", store)).rejects.toMatchObject({ code: "STORE_NOT_EMPTY" });
    await expect(load("nothing.backup", store)).rejects.toMatchObject({ code: "BACKUP_MISSING" });
    const text = zstdDecompressSync(await readFile(file("mine.backup"))).toString();
    await writeFile(file("newer.backup"), zstdCompressSync(text.replace('"form":1', '"form":2')));
    const into = await emptyStore();
    await expect(load("newer.backup", into)).rejects.toMatchObject({ code: "BACKUP_NEWER" });
    await untouched(into);
    expect((await everything(store))["account"]).toHaveLength(1);
  });
});
