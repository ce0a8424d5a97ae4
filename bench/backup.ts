import { stat } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { backUp } from "../src/app/backup.ts";
import { restoreFrom } from "../src/app/restore.ts";
import { silentLog } from "../src/lib/log.ts";
import { migrate } from "../src/store/migrate.ts";
import { openStore, type OpenStore } from "../src/store/open.ts";
import { quantile, tempFolder } from "../test/support/slugline.ts";

/** Posts in the newsroom that is backed up; each has its article's change, revision, link, delivery, attempt and events. */
const POSTS = Number(process.env["POSTS"] ?? 100_000);
const EVERY_MS = 20;

/** A backup while somebody writes all the time, and its restore: how fast, how much memory, and what the writer felt. */
export async function run(): Promise<void> {
  const [from, to] = [await tempFolder(), await tempFolder()];
  const store = await openStore({ dataDir: join(from.path, "data"), log: silentLog, role: "start", max: 4 });
  const other = await openStore({ dataDir: join(to.path, "data"), log: silentLog, role: "start", max: 4 });
  try {
    await migrate(store, silentLog);
    await fill(store, POSTS);
    const file = join(from.path, "bench.backup");
    const quiet = await writing(store, async () => new Promise((resolve) => setTimeout(resolve, 3_000)));
    const saved = await measured(async () => writing(store, () => backUp(store, file, from.path)));
    const rows = Object.values(saved.result.result.tables).reduce((sum, one) => sum + one, 0);
    const size = (await stat(file)).size / 1024 ** 2;
    console.log(`  load ${loadavg()[0]!.toFixed(1)}; ${POSTS} posts, ${rows} rows`);
    console.log(`  backup   ${told(saved, rows)}, ${size.toFixed(1)} MB`);
    console.log(
      `  a writer meanwhile: p50 ${quiet.p50.toFixed(1)} -> ${saved.result.p50.toFixed(1)} ms, longest ${quiet.most.toFixed(0)} -> ${saved.result.most.toFixed(0)} ms`,
    );
    const restored = await measured(() => restoreFrom(file, other, { dataDir: to.path, keys: () => [], hold: true }));
    console.log(`  restore  ${told(restored, rows)}`);
  } finally {
    await store.close();
    await other.close();
    await from.remove();
    await to.remove();
  }
}

const told = ({ ms, grown }: { ms: number; grown: number }, rows: number) =>
  `${(ms / 1_000).toFixed(1)} s, ${Math.round(rows / (ms / 1_000))} rows/s, memory of the process grew by ${grown.toFixed(0)} MB`;

/** How long it took, and how far resident memory rose above what it was. */
async function measured<Result>(work: () => Promise<Result>): Promise<{ result: Result; ms: number; grown: number }> {
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50);
  const began = performance.now();
  try {
    const result = await work();
    return { result, ms: performance.now() - began, grown: (most - before) / 1024 ** 2 };
  } finally {
    clearInterval(watch);
  }
}

/** Changes a post again and again while `work` runs: how long each change took (ms). */
async function writing<Result>(
  store: OpenStore,
  work: () => Promise<Result>,
): Promise<{ result: Result; p50: number; most: number }> {
  const took: number[] = [];
  let going = true;
  const writer = (async () => {
    while (going) {
      const began = performance.now();
      await store.query("update slugline.post set priority = 'normal' where id = (select id from slugline.post limit 1)");
      took.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  })();
  const result = await work();
  going = false;
  await writer;
  return { result, p50: quantile(took, 0.5), most: Math.max(...took) };
}

async function fill(store: OpenStore, posts: number): Promise<void> {
  const words = "'The river rose by two metres on Tuesday, the water office said, and two bridges were closed to traffic. ' || n";
  for (const sql of [
    "insert into slugline.source (id, name, kind, origin) values (gen_random_uuid(), 'cms', 'hook', 'file')",
    "insert into slugline.account (id, name, network, rehearsal, origin) values (gen_random_uuid(), 'masto', 'mastodon', true, 'file')",
    `insert into slugline.article (id, source_id, url, canonical_url, state, title, body, lang)
     select gen_random_uuid(), s.id, 'https://example.org/' || n, 'https://example.org/' || n, 'ready', ${words},
            array[repeat(md5(n::text), 20), repeat(md5(n::text || 'x'), 20)], 'en'
       from generate_series(1, $1::int) n cross join slugline.source s`,
    `insert into slugline.link (id, code, target, article_id, placement, state)
     select gen_random_uuid(), 'c' || row_number() over (), url, id, 'post:' || id, 'live' from slugline.article`,
    `insert into slugline.post (id, article_id, account_id, state, mode, mode_why, article_version, link_id)
     select gen_random_uuid(), l.article_id, a.id, 'approved', 'auto', 'rule 1', 1, l.id from slugline.link l cross join slugline.account a`,
    `insert into slugline.post_revision (post_id, revision, text, hash) select id, 1, 'The river rose by two metres on Tuesday.', md5(id::text) from slugline.post`,
    `insert into slugline.delivery (id, post_id, revision, account_id, state, posted_at, remote_id, idempotency, attempts)
     select gen_random_uuid(), id, 1, account_id, 'posted', slugline.now(), id::text, id::text, 1 from slugline.post`,
    "insert into slugline.attempt (id, delivery_id, epoch, kind, outcome) select gen_random_uuid(), id, 1, 'send', 'posted' from slugline.delivery",
    "insert into slugline.event (id, kind, post_id) select gen_random_uuid(), 'post-composed', id from slugline.post",
    "insert into slugline.event (id, kind, post_id) select gen_random_uuid(), 'delivery-posted', id from slugline.post",
    "insert into slugline.click_hour (link_number, hour, class, count) select number, date_trunc('hour', now()), 'click', 3 from slugline.link",
  ])
    await store.query(sql, sql.includes("$1") ? [posts] : []);
}
