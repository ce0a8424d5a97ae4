import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { silentLog } from "../../src/lib/log.ts";
import { approve } from "../../src/review/decide.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openStore } from "../../src/store/open.ts";
import { flush, noRedis, startRedis } from "../queue/redis.ts";
import { noPostgres, startDebianPostgres } from "../support/debian-postgres.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { startMastodon } from "../support/mastodon.ts";
import { tempFolder } from "../support/slugline.ts";
import { testStore, until, type TestStore } from "../support/store.ts";

/** A thousand in the full run, a hundred in `npm test`; `DELIVERIES` says another number. */
const DELIVERIES = Number(process.env["DELIVERIES"] ?? 1_000);
const ACCOUNTS = 10;
const WORKERS = 2;
const APPROVING_AT_ONCE = 8;

/** Where the deliveries are kept and rung, and what befalls it in their middle. */
interface Ground {
  readonly store: TestStore;
  readonly redisUrl: string | undefined;
  break(): Promise<void>;
}

/** F7 and F8 in the middle of a thousand deliveries (fewer in the usual runs): what is on its way, what waits, and what is just being approved. */
const DRILLS: readonly {
  readonly fault: string;
  readonly missing?: string | undefined;
  open(made: AsyncDisposableStack): Promise<Ground>;
}[] = [
  { fault: "the embedded Postgres is restarted at once (-m immediate)", open: onEmbedded },
  {
    fault: "Redis is flushed (FLUSHALL)",
    missing: noRedis,
    open: (made) => onRedis(made, (redis, store) => flush(store, redis.url)),
  },
  {
    fault: "Redis, which keeps nothing, is killed and comes back empty",
    missing: noRedis,
    open: (made) =>
      onRedis(made, async (redis) => {
        await redis.stop();
        await redis.start();
      }),
  },
  { fault: "Postgres beside Redis is restarted at once (-m immediate)", missing: noPostgres ?? noRedis, open: onDebian },
];

let made = new AsyncDisposableStack();
afterEach(async () => {
  await made.disposeAsync();
  made = new AsyncDisposableStack();
});

for (const { fault, missing, open } of DRILLS) {
  if (missing) console.log(`Skipped: ${missing}. npm run test:full installs it on Debian.`);
  test.skipIf(missing !== undefined)(
    `${DELIVERIES} deliveries, and in their middle ${fault}: each is posted once, and nobody is asked`,
    async () => {
      // Each with an account of its own there: of one that posts hundreds in a minute, nobody could find one.
      const names = Array.from({ length: ACCOUNTS }, (_, n) => `masto-${n}`);
      const accounts = Object.fromEntries(names.map((name) => [tokenOf(name), name]));
      const server = await startMastodon({ rateLimit: 1_000_000, accounts });
      made.defer(() => server.close());
      const ground = await open(made);
      const { store } = ground;
      const desk = await openDesk(store, { server: server.url });
      made.defer(() => desk.close());
      for (const name of names) await desk.account({ name, settings: { tokenEnv: name } });
      const posts: string[] = [];
      while (posts.length < DELIVERIES) posts.push(...Object.values((await desk.story()).posts));
      for (let n = 0; n < WORKERS; n += 1) await startWorker(made, ground, server.url);

      const began = performance.now();
      const approving = approveAll(desk, store, posts);
      await until(async () => server.accepted.length >= DELIVERIES / 2);
      const before = server.accepted.length;
      expect(before).toBeLessThan(DELIVERIES);
      await ground.break();
      await approving;
      const standing = () => statesOf(store).catch(() => undefined);
      await until(async () => (await standing())?.["posted"] === DELIVERIES).catch(() => undefined);
      const took = performance.now() - began;

      expect(await statesOf(store)).toEqual({ posted: DELIVERIES });
      const links = await store.query<{ code: string }>(
        "select l.code from slugline.post p join slugline.link l on l.id = p.link_id",
      );
      const copies = links.rows.map(({ code }) => server.byLink(`${SHORT_URL}/${code}`).length);
      expect(copies.filter((count) => count !== 1)).toEqual([]);
      expect(server.accepted.length).toBe(DELIVERIES);
      const { rows } = await store.query<{ looked: number; asked: number }>(
        `select (select count(distinct delivery_id) from slugline.attempt where kind = 'look')::int as looked,
                (select count(*) from slugline.event where kind = 'delivery-asked')::int as asked`,
      );
      expect(rows[0]!.asked).toBe(0);
      console.log(
        `${fault} after ${before} of ${DELIVERIES}: ${server.accepted.length} posted once in ${(took / 1_000).toFixed(1)} s, ${rows[0]!.looked} of them looked for`,
      );
    },
  );
}

const tokenOf = (name: string) => `token-of-${name}`;

/** Deliveries by state; an approved post that has none yet counts as `none`. */
async function statesOf(store: TestStore): Promise<Record<string, number>> {
  const { rows } = await store.query<{ state: string; count: number }>(
    `select coalesce(d.state, 'none') as state, count(*)::int as count from slugline.post p
       left join slugline.delivery d on d.post_id = p.id group by 1`,
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/** Rosa approves them all, and again where the store went away under her: an approval that was answered must hold. */
async function approveAll(desk: Awaited<ReturnType<typeof openDesk>>, store: TestStore, posts: readonly string[]): Promise<void> {
  const left = [...posts];
  const one = async () => {
    for (let post = left.shift(); post !== undefined; post = left.shift()) {
      const about = { postId: post, revision: 1, by: { person: desk.person } };
      const decided = await until(() => approve(store, about).catch(() => undefined));
      // Said again after an answer that was lost: it holds already.
      expect(decided.ok || decided.code === "decided" || decided.code === "on-its-way").toBe(true);
    }
  };
  await Promise.all(Array.from({ length: APPROVING_AT_ONCE }, one));
}

async function startWorker(stack: AsyncDisposableStack, { store, redisUrl }: Ground, server: string): Promise<void> {
  const env = {
    ...process.env,
    DATABASE_URL: store.databaseUrl,
    ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
    ALLOW: new URL(server).host,
    SECRETS: JSON.stringify(
      Object.fromEntries(Array.from({ length: ACCOUNTS }, (_, n) => [`masto-${n}`, tokenOf(`masto-${n}`)])),
    ),
  };
  const worker = spawn(process.execPath, ["test/support/delivery-process.ts"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(worker, "exit");
  stack.defer(async () => {
    worker.kill("SIGKILL");
    await gone;
  });
  await once(worker.stdout, "data");
}

async function onRedis(
  stack: AsyncDisposableStack,
  breaking: (redis: Awaited<ReturnType<typeof startRedis>>, store: TestStore) => Promise<void>,
): Promise<Ground> {
  const [store, redis] = await Promise.all([testStore(), startRedis()]);
  stack.defer(() => redis.remove());
  return { store, redisUrl: redis.url, break: () => breaking(redis, store) };
}

async function onEmbedded(stack: AsyncDisposableStack): Promise<Ground> {
  const folder = await tempFolder();
  stack.defer(() => folder.remove());
  const store = await openStore({ dataDir: folder.path, log: silentLog, role: "start" });
  stack.defer(() => store.close());
  await migrate(store, silentLog);
  const { host = "", port = 0, user = "" } = store.connection;
  const cluster = join(await realpath(folder.path), "postgres");
  return {
    store: { ...store, databaseUrl: `postgres://${user}@localhost:${port}/postgres?host=${encodeURIComponent(host)}` },
    redisUrl: undefined,
    // Whoever looks after it starts it again.
    break: async () =>
      void process.kill(Number((await readFile(join(cluster, "postmaster.pid"), "utf8")).split("\n")[0]), "SIGQUIT"),
  };
}

async function onDebian(stack: AsyncDisposableStack): Promise<Ground> {
  const [postgres, redis] = await Promise.all([startDebianPostgres(), startRedis()]);
  stack.defer(() => postgres.stop());
  stack.defer(() => redis.remove());
  await migrate(postgres.store, silentLog);
  return {
    store: { ...postgres.store, databaseUrl: postgres.url },
    redisUrl: redis.url,
    break: () => postgres.restartImmediately(),
  };
}
