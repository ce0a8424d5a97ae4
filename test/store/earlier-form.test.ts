import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "../../src/lib/log.ts";
import { loadFrom } from "../../src/store/backup/load.ts";
import { saveTo } from "../../src/store/backup/save.ts";
import { migrate, migrationState } from "../../src/store/migrate.ts";
import { inOneGo, readMigrations } from "../../src/store/migration.ts";
import { emptyStore, type TestStore } from "../support/store.ts";

/** Of the files whose indexes 0012 builds, when they still built them themselves. */
const EARLIER = {
  7: "2f7167897045e55dd43b54a8a073eeeccf74749e7ab15cbf56b2610591971791",
  8: "69400cd53afbedec76964487ee66acf276be732f02276e32e907bcac9e3b6fe8",
  10: "ae58fb97d5dd53078cf0b82c30cf264f9911493d055144a7513261fafba44b8e",
};

/** The files as they were then, but for their indexes: 0012 came with the others' new form. */
const LAST = 11;

let store: TestStore;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slugline-earlier-"));
  store = await emptyStore();
  const files = await readMigrations();
  for (const { number, name, sql } of files) if (number <= LAST) await writeFile(join(folder, name), sql);
  await migrate(store, silentLog, folder);
  await store.query(inOneGo(files[LAST]!));
  for (const [number, checksum] of Object.entries(EARLIER))
    await store.query("update slugline.migration set checksum = $2 where number = $1", [number, checksum]);
  // A story shared again twice, which the key before did not take.
  await store.query(`
    insert into slugline.account (id, name, network, origin) values (gen_random_uuid(), 'masto-en', 'mastodon', 'editor');
    insert into slugline.source (id, name, kind, origin) values (gen_random_uuid(), 'cms', 'hook', 'file');
    insert into slugline.article (id, source_id, url, canonical_url, state, title)
      select gen_random_uuid(), id, 'https://example.org/a', 'https://example.org/a', 'ready', 'Bridge' from slugline.source;
    insert into slugline.post (id, article_id, account_id, occasion, round, mode, mode_why, article_version)
      select gen_random_uuid(), a.id, c.id, 'reshare', round, 'review', 'account', 1
        from slugline.article a, slugline.account c, generate_series(1, 2) round`);
});
afterAll(() => rm(folder, { recursive: true }));

const reshares = async (of: TestStore) =>
  (await of.query("select round from slugline.post where occasion = 'reshare' order by 1")).rows;

test("a database that has a migration's earlier form goes on, and so does a backup of it", async () => {
  const file = join(folder, "earlier.backup");
  await saveTo(file, store, { version: "0.3.0", async *clicks() {} });
  await migrate(store, silentLog);
  expect(await migrationState(store)).toMatchObject({ pending: [] });

  const into = await emptyStore();
  await loadFrom(file, into, {
    async clicks(_, lines) {
      for await (const line of lines) expect(line).toBe("");
    },
    last: async () => undefined,
  });
  expect(await reshares(into)).toEqual([{ round: 1 }, { round: 2 }]);
  await migrate(into, silentLog);
  expect(await migrationState(into)).toMatchObject({ pending: [] });
});
