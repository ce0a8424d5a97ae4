import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Redis } from "ioredis";
import { silentLog } from "../../src/lib/log.ts";
import { connectionTo, openStore, type OpenStore } from "../../src/store/open.ts";
import { redisMissing, startRedis } from "../../test/queue/redis.ts";
import { noPostgres, startDebianPostgres } from "../../test/support/debian-postgres.ts";
import { startSlugline, tempFolder } from "../../test/support/slugline.ts";
import { cpuOf, parentOf } from "./cpu.ts";
import type { BareJob } from "./bare-child.ts";
import type { Taken } from "./network-child.ts";

/** As many as a worker of ours has in hand (src/app.ts). */
const CONCURRENCY = 32;
const MOST_ACCOUNTS = 100;
const TOKEN = "bench-token";

/** A worker of ours, two others, and the network that all of them post to, on one store and one queue. */
export interface Stand extends AsyncDisposable {
  readonly store: OpenStore;
  /** Ids of the accounts, all on the network. */
  readonly accounts: readonly string[];
  /** Has a worker that is not ours do as many jobs. */
  jobs(who: Other, count: number): void;
  /** What the network has taken since it was last asked. */
  taken(): Promise<Taken[]>;
  /** CPU time so far (ms): of each worker, and of Postgres and Redis together. */
  cpu(): Promise<Readonly<Record<"ours" | Other | "stores", number>>>;
}

/** Whom we are measured beside: bare-child.ts. */
export type Other = "bare" | "durable";

/** What a stand needs beside npm's packages, where it is missing. */
export const missing = { embedded: undefined, "Postgres + Redis": noPostgres ?? redisMissing } as const;
export type Kind = keyof typeof missing;

export async function openStand(kind: Kind): Promise<Stand> {
  await using made = new AsyncDisposableStack();
  const network = await child(made, "network-child.ts");
  const { url } = network.said as { url: string };
  const folder = await tempFolder();
  made.defer(() => folder.remove());
  const given = kind === "embedded" ? undefined : await openServers(made);
  const names = Array.from({ length: MOST_ACCOUNTS }, (_, at) => `desk-${at}`);
  const slugline = await startSlugline(folder.path, {
    roles: "work",
    newsroom: newsroomOn(url, names),
    env: {
      TOKEN,
      HOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
      SHORT_URL: "https://go.example.org",
      ...(given
        ? { DATABASE_URL: given.databaseUrl, REDIS_URL: given.redisUrl, SLUGLINE_KEY: Buffer.alloc(32, 7).toString("base64") }
        : {}),
    },
  });
  made.defer(async () => void (await slugline.stop()));
  const dataDir = join(folder.path, "data");
  const store = await openStore({ databaseUrl: given?.databaseUrl, dataDir, log: silentLog, role: "cli", max: 4 });
  made.defer(() => store.close());

  // A database and a Redis of its own on the same servers: the same queue, and nothing of ours in its way.
  const other = async (who: Other, redisNumber: number) => {
    await store.query(`create database ${who}`);
    const connection = {
      ...store.connection,
      ...(given ? connectionTo(given.databaseUrl.replace("/postgres?", `/${who}?`)) : { database: who }),
    };
    const redis = given ? `${given.redisUrl}/${redisNumber}` : "-";
    const started = await child(
      made,
      "bare-child.ts",
      who,
      new URL(url).host,
      JSON.stringify(connection),
      redis,
      String(CONCURRENCY),
    );
    return started.process;
  };
  const others = { bare: await other("bare", 1), durable: await other("durable", 2) };
  const redis = given && new Redis(given.redisUrl);
  made.defer(() => redis?.disconnect());

  const { rows } = await store.query<{ id: string }>("select id from slugline.account order by name");
  const postgres = await parentOf((await store.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]!.pid);
  const kept = made.move();
  return {
    store,
    accounts: rows.map(({ id }) => id),
    jobs(who, count) {
      const jobs = Array.from({ length: count }, (): BareJob => {
        const key = crypto.randomUUID();
        return {
          server: url,
          token: TOKEN,
          key,
          text: `The old bridge opens on Monday (${key.slice(-12)})\n\nThe council said on Tuesday that it holds.\n\nhttps://go.example.org/${key.slice(-12)}`,
        };
      });
      others[who].send(jobs);
    },
    async taken() {
      network.process.send("taken");
      return ((await once(network.process, "message")) as [Taken[]])[0];
    },
    async cpu() {
      return {
        ours: await cpuOf(slugline.pid),
        bare: await cpuOf(others.bare.pid!),
        durable: await cpuOf(others.durable.pid!),
        stores: (await cpuOf(postgres)) + (redis ? await cpuOfRedis(redis) : 0),
      };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function openServers(made: AsyncDisposableStack): Promise<{ databaseUrl: string; redisUrl: string }> {
  const [postgres, redis] = await Promise.all([startDebianPostgres(), startRedis()]);
  made.defer(() => postgres.stop());
  made.defer(() => redis.remove());
  return { databaseUrl: postgres.url, redisUrl: redis.url };
}

function newsroomOn(server: string, names: readonly string[]): string {
  const accounts = names.map((name) => `  - { name: ${name}, network: mastodon, server: "${server}", tokenEnv: TOKEN }`);
  return `
site: { name: Bench, url: "https://example.org", languages: [en], timeZone: UTC }
outbound: { allow: ["${new URL(server).host}"] }
sources: [{ name: cms, kind: hook, secretEnv: HOOK_SECRET }]
accounts:
${accounts.join("\n")}
`;
}

/** A process of the bench's own, which has said that it is ready; it ends with us. */
async function child(
  made: AsyncDisposableStack,
  file: string,
  ...args: string[]
): Promise<{ process: ChildProcess; said: unknown }> {
  const started = fork(join(import.meta.dirname, file), args);
  made.defer(() => void (started.connected && started.disconnect()));
  const [said] = (await once(started, "message")) as [unknown];
  return { process: started, said };
}

async function cpuOfRedis(redis: Redis): Promise<number> {
  const told = await redis.info("cpu");
  return (
    1_000 *
    ["used_cpu_user", "used_cpu_sys"].reduce((sum, name) => sum + Number(new RegExp(`^${name}:(\\S+)`, "m").exec(told)?.[1]), 0)
  );
}
