import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "../../src/lib/fault.ts";
import { silentLog } from "../../src/lib/log.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { migrate } from "../../src/store/migrate.ts";
import { poolOn } from "../../src/store/open.ts";
import { emptyStore, type TestStore } from "../support/store.ts";

/** The last migration of 0.2.0, which this version is upgraded from. */
const BEFORE = 5;
/** A migration stands in line for its tables for a second at most; a loaded machine adds to what we see (ms). */
const LONGEST_WAIT_MS = 4_500;
const DEADLOCK = "40P01";
/** Somebody reads for as long as this while it migrates: a report, a backup (ms). */
const READS_FOR_MS = 5_000;

let store: TestStore;
let older: string;
beforeAll(async () => {
  store = await emptyStore();
  older = await mkdtemp(join(tmpdir(), "slugline-older-"));
  const folder = join(projectRoot, "src/store/migrations");
  for (const name of await readdir(folder)) {
    if (Number.parseInt(name, 10) <= BEFORE) await cp(join(folder, name), join(older, name));
  }
  await migrate(store, silentLog, older);
});
afterAll(() => rm(older, { recursive: true }));

test("F19: the version before writes and reads while this one migrates, never waiting long, and after it", async () => {
  const { account, source } = await asOlder();
  const beside = await poolOn(store.connection, { log: silentLog, max: 2, whenClosed: async () => undefined });
  let migrating = true;
  const waits: number[] = [];
  let ended = 0;
  const writer = {
    // Its sweeper rings again for what Postgres ended because it and the migration waited for each other: none of it was kept.
    query: (sql: string, values?: readonly unknown[]) =>
      beside.query(sql, values).catch((error: unknown) => {
        if (codeOf(error) !== DEADLOCK) throw error;
        ended += 1;
        return beside.query(sql, values);
      }),
  } as Pick<TestStore, "query">;
  const working = (async () => {
    while (migrating) {
      const began = performance.now();
      await deliveryAsOlder(writer, account, source);
      waits.push(performance.now() - began);
    }
  })();
  const reading = reader();
  await migrate(store, silentLog).finally(() => (migrating = false));
  await reading;
  await working;
  await deliveryAsOlder(beside, account, source);
  await beside.close();
  console.log(
    `${waits.length} deliveries written as 0.2.0 does while it migrated, the slowest in ${Math.max(...waits).toFixed(0)} ms; ${ended} statements ended by Postgres and made again`,
  );
  expect(Math.max(...waits)).toBeLessThan(LONGEST_WAIT_MS);
  const { rows } = await store.query<{ state: string; n: number }>(
    "select state, count(*) as n from slugline.delivery group by 1",
  );
  expect(rows).toEqual([{ state: "posted", n: waits.length + 1 }]);
  // And back: the older one starts on what the newer one left.
  await migrate(store, silentLog, older);
});

/** A long transaction that has read what the migrations change. */
async function reader(): Promise<void> {
  await store.transaction(async (db) => {
    await db.query("select from slugline.account, slugline.delivery");
    await db.query("select pg_sleep($1)", [READS_FOR_MS / 1_000]);
  });
}

/** Rows as 0.2.0 writes them: only the columns it knows. */
async function asOlder(): Promise<{ account: string; source: string }> {
  const [account, source] = [crypto.randomUUID(), crypto.randomUUID()];
  await store.query("insert into slugline.account (id, name, network, origin) values ($1, 'masto-en', 'mastodon', 'editor')", [
    account,
  ]);
  await store.query("insert into slugline.source (id, name, kind, origin) values ($1, 'cms', 'hook', 'file')", [source]);
  return { account, source };
}

async function deliveryAsOlder(db: Pick<TestStore, "query">, account: string, source: string): Promise<void> {
  const [article, post, delivery] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  await db.query(
    `insert into slugline.article (id, source_id, url, canonical_url, state, title) values ($1, $2, $3, $3, 'ready', 'Bridge')`,
    [article, source, `https://example.org/${article}`],
  );
  await db.query(
    `insert into slugline.post (id, article_id, account_id, mode, mode_why, article_version) values ($1, $2, $3, 'review', 'account', 1)`,
    [post, article, account],
  );
  await db.query("insert into slugline.post_revision (post_id, revision, text, hash) values ($1, 1, 'words', 'hash')", [post]);
  await db.query("update slugline.post set state = 'waiting' where id = $1", [post]);
  await db.query("update slugline.post set state = 'approved' where id = $1", [post]);
  await db.query("insert into slugline.delivery (id, post_id, revision, account_id) values ($1, $2, 1, $3)", [
    delivery,
    post,
    account,
  ]);
  await db.query(
    `update slugline.delivery set state = 'sending', epoch = epoch + 1, attempts = attempts + 1, idempotency = $1, intent_at = slugline.now(),
            lease_until = slugline.now() + interval '1 minute' where id = $1 and state = 'due'`,
    [delivery],
  );
  await db.query(
    "update slugline.delivery set state = 'posted', remote_id = $1, posted_at = slugline.now(), lease_until = null where id = $1",
    [delivery],
  );
}
