import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { answer } from "../../src/delivery/answer.ts";
import { noRedis, startRedis, type RedisServer } from "../queue/redis.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { startSix } from "../support/six.ts";
import { until, type TestStore } from "../support/store.ts";
import { judge, type Act, type Ended, type Verdict } from "./history.ts";
import { tell, type Told } from "./tally.ts";

export const BACKENDS = ["postgres", "redis"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** Why this queue cannot be tried here; undefined where it can. */
export function noBackend(backend: BackendName): string | undefined {
  return backend === "redis" ? noRedis : undefined;
}

/** A worker as a process of its own. */
export interface Worker {
  readonly child: ChildProcess;
  /** Resolves once it listens for bells. */
  readonly ready: Promise<void>;
  /** Resolves when it has said where it was hit (`at before-write`). */
  readonly hit: Promise<string>;
  /** Resolves with its signal or exit code. */
  readonly ended: Promise<string | number | null>;
}

/** The newsroom of a test with real processes: six accounts on six stand-ins, workers to be killed, and a judge at the end. */
export async function openFleet(store: TestStore, backend: BackendName, accounts?: readonly string[]) {
  const six = await startSix();
  const desk = await openDesk(store);
  const names: string[] = [];
  for (const { name, network, server, handle, mode, ...settings } of six.accounts("review")) {
    if (accounts && !accounts.includes(name)) continue;
    names.push(name);
    const rehearsal = name === "local";
    await desk.account({
      name,
      network,
      mode,
      rehearsal,
      settings,
      ...(server ? { server } : {}),
      ...(handle ? { handle } : {}),
    });
  }
  const redis: RedisServer | undefined = backend === "redis" ? await startRedis() : undefined;
  const workers = new Set<ChildProcess>();
  const acts: Act[] = [];
  const windowMs: number[] = [];
  const accountOf = new Map<string, string>();
  let step = 0;

  /** @param crashAt `account/label#n`; where it is hit it does as `how` says (see test/support/delivery-process.ts) */
  function worker(crashAt = "", how = "SIGKILL", env: Readonly<Record<string, string>> = {}): Worker {
    const child = spawn(process.execPath, ["test/support/delivery-process.ts"], {
      env: {
        ...process.env,
        DATABASE_URL: store.databaseUrl,
        REDIS_URL: redis?.url,
        ALLOW: six.allow.join(","),
        SECRETS: JSON.stringify(six.env),
        CRASH_AT: crashAt,
        CRASH_HOW: how,
        WINDOW: "1",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    workers.add(child);
    const [ready, hit] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
    createInterface({ input: child.stderr! }).on("line", (line) => console.error(`worker ${child.pid}: ${line}`));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line === "ready") ready.resolve();
      if (line.startsWith("at ")) hit.resolve(line.slice("at ".length));
      if (line.startsWith("window ")) windowMs.push(Number(line.slice("window ".length)));
    });
    const ended = once(child, "close").then(([code, signal]) => {
      workers.delete(child);
      return (signal ?? code) as string | number | null;
    });
    return { child, ready: ready.promise, hit: hit.promise, ended };
  }

  async function approve(postId: string): Promise<void> {
    step += 1;
    const { ok } = await desk.approve(postId);
    if (ok) acts.push({ post: postId, kind: "approve", askedAt: step, toldAt: step });
  }

  /** Stories whose posts for every account are approved. */
  async function approved(stories = 1): Promise<string[]> {
    const posts: string[] = [];
    for (let nth = 0; nth < stories; nth += 1) {
      for (const [account, id] of Object.entries((await desk.story()).posts)) {
        if (!names.includes(account)) continue;
        accountOf.set(id, account);
        await approve(id);
        posts.push(id);
      }
    }
    return posts;
  }

  /** What stands on a post's network. */
  async function standing(postId: string): Promise<string[]> {
    const { code } = await desk.link(postId);
    const account = accountOf.get(postId)!;
    if (account !== "local") return [...six.copies(account, `${SHORT_URL}/${code}`)];
    const { rows } = await store.query<{ text: string }>("select text from slugline.timeline where text like $1", [`%/${code}`]);
    return rows.map(({ text }) => text);
  }

  /** Where nobody but a person can tell, a person looks and says what is there. Answers how many were asked. */
  async function answerAsked(): Promise<number> {
    const { rows } = await store.query<{ id: string; post_id: string }>(
      "select id, post_id from slugline.delivery where state = 'asked'",
    );
    for (const { id, post_id } of rows) {
      const there = (await standing(post_id)).length > 0;
      await answer(store, { deliveryId: id, answer: there ? "there" : "again", person: desk.person });
    }
    return rows.length;
  }

  async function open(): Promise<{ name: string; state: string; why: string | null }[]> {
    const { rows } = await store.query<{ name: string; state: string; why: string | null }>(
      `select a.name, coalesce(d.state, 'none') as state, d.why from slugline.post p join slugline.account a on a.id = p.account_id
         left join slugline.delivery d on d.post_id = p.id and d.state <> 'cancelled'
        where p.state = 'approved' and coalesce(d.state, '') <> 'posted'`,
    );
    return rows;
  }

  /** Waits until every approved post is posted; answers how often a person was asked. */
  async function allPosted(): Promise<number> {
    let asked = 0;
    const done = async () => {
      asked += await answerAsked();
      return (await open()).length === 0;
    };
    await until(done).catch(async (error: unknown) => {
      throw new Error(`still open: ${JSON.stringify(await open())}`, { cause: error });
    });
    return asked;
  }

  /** Judges everything so far, and tells the numbers. */
  async function verdict(part: string, faults: Readonly<Record<string, number>>): Promise<Verdict> {
    const { rows } = await store.query<Ended & { code: string }>(
      `select d.id, d.post_id as post, a.name as account, d.state, d.remote_id as "remoteId", d.assumed, d.why, r.text, true as "wasApproved"
         from slugline.delivery d join slugline.account a on a.id = d.account_id
         join slugline.post_revision r on r.post_id = d.post_id and r.revision = d.revision`,
    );
    const { rows: states } = await store.query<{ id: string; state: string }>("select id, state from slugline.post");
    const accepted = [];
    for (const post of accountOf.keys()) {
      const row = rows.find((it) => it.post === post && it.state !== "cancelled");
      // The stand-ins are asked by link: what stands there under this post's own is this post's, whatever it is called.
      for (const [nth] of (await standing(post)).entries())
        accepted.push({
          post,
          account: accountOf.get(post)!,
          id: row?.remoteId ?? `copy ${nth}`,
          text: row?.text ?? "",
          writtenAt: step,
        });
    }
    const judged = judge({ acts, accepted, deliveries: rows, posts: new Map(states.map(({ id, state }) => [id, state])) });
    tell({ part, runs: 1, faults, deliveries: rows.length, accepted: accepted.length, ...(await shares(judged)), windowMs });
    return judged;
  }

  async function shares({ endings, faults }: Verdict): Promise<Pick<Told, "networks" | "duplicates" | "lost">> {
    const { rows } = await store.query<{ post_id: string }>(
      "select distinct post_id from slugline.event where kind = 'delivery-asked'",
    );
    const asked = new Set(rows.map(({ post_id }) => post_id));
    const networks: Record<string, { ended: number; asked: number }> = {};
    for (const post of endings.keys()) {
      const sum = (networks[accountOf.get(post) ?? "?"] ??= { ended: 0, asked: 0 });
      sum.ended += 1;
      if (asked.has(post)) sum.asked += 1;
    }
    const of = (invariant: string) => faults.filter((it) => it.invariant === invariant).length;
    return { networks, duplicates: of("I1"), lost: of("I3") };
  }

  return {
    store,
    six,
    desk,
    redis,
    acts,
    windowMs,
    worker,
    approve,
    approved,
    standing,
    answerAsked,
    allPosted,
    verdict,
    async [Symbol.asyncDispose]() {
      for (const child of workers) child.kill("SIGKILL");
      await desk.close();
      await six[Symbol.asyncDispose]();
      await redis?.remove();
    },
  };
}

export type Fleet = Awaited<ReturnType<typeof openFleet>>;
