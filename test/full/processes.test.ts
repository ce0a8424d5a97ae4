import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSignInLink } from "../../src/newsroom/sign-in-link.ts";
import { setUpCode } from "../support/codes.ts";
import { noRedis, startRedis, type RedisServer } from "../queue/redis.ts";
import { noPostgres, startDebianPostgres } from "../support/debian-postgres.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { startSlugline, tempFolder, type Running } from "../support/slugline.ts";
import { until } from "../support/store.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const missing = noPostgres ?? noRedis;
if (missing) console.log(`Skipped: ${missing}. npm run test:full installs it on Debian.`);

describe.skipIf(missing !== undefined)("every role a process of its own, on Debian's Postgres and Redis", () => {
  let postgres: Awaited<ReturnType<typeof startDebianPostgres>>;
  let redis: RedisServer;
  let server: MastodonStandIn;
  const folders: Awaited<ReturnType<typeof tempFolder>>[] = [];
  const running = new Map<string, Running>();
  let cookie = "";

  /** A process of these roles under a name; those that share a folder share what a redirect writes. */
  async function start(name: string, roles: string, folder?: string): Promise<Running> {
    const made = folder === undefined ? await tempFolder() : undefined;
    if (made) folders.push(made);
    const newsroom = `
site: { name: Many, url: "https://example.org", shortUrl: "http://127.0.0.1:9", languages: [en], timeZone: UTC }
outbound: { allow: ["${new URL(server.url).host}"] }
sources: [{ name: cms, kind: hook, secretEnv: CMS_SECRET }]
accounts:
  - { name: desk, network: mastodon, server: "${server.url}", tokenEnv: MASTO_TOKEN }
  - { name: robot, network: mastodon, server: "${server.url}", tokenEnv: MASTO_TOKEN, mode: auto }
rules: [{ accounts: [desk, robot] }]
`;
    const env = {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      SLUGLINE_KEY: Buffer.alloc(32, 7).toString("base64"),
      DATA_DIR: join(folder ?? made!.path, "data"),
      CMS_SECRET: SECRET,
      MASTO_TOKEN: server.token,
    };
    const one = await startSlugline(folder ?? made!.path, { newsroom, roles, env });
    running.set(name, one);
    return one;
  }

  beforeAll(async () => {
    [postgres, redis, server] = await Promise.all([
      startDebianPostgres(),
      startRedis("--maxmemory-policy", "noeviction"),
      startMastodon({ rateLimit: 1_000_000 }),
    ]);
    await start("watch", "watch");
    await Promise.all([
      start("work 1", "work"),
      start("work 2", "work"),
      start("editor 1", "editor"),
      start("editor 2", "editor"),
    ]);
    await Promise.all([start("redirect 1", "redirect"), start("redirect 2", "redirect")]);
    await Promise.all([start("ship 1", "ship", folderOf("redirect 1")), start("ship 2", "ship", folderOf("redirect 2"))]);
    console.log(`Postgres ${postgres.version}, ${running.size} processes`);
  });
  afterAll(async () => {
    await Promise.allSettled([...running.values()].map((one) => one.stop()));
    await server?.close();
    await redis?.remove();
    await postgres?.stop();
    await Promise.all(folders.map((folder) => folder.remove()));
  });

  /** Redirects 1 and 2 are the sixth and seventh folder made. */
  const folderOf = (name: string) => folders[name === "redirect 1" ? 5 : 6]!.path;
  const at = (name: string) => running.get(name)!;

  async function hook(id: string, editor = "editor 2"): Promise<void> {
    const url = `https://example.org/${id}`;
    const text = "The bridge opens on Monday, the council said on Tuesday. ".repeat(9);
    const body = JSON.stringify({ event: "published", article: { guid: id, url, title: `Story ${id}`, text, lang: "en" } });
    const now = new Date();
    const signature = new Webhook(SECRET).sign(id, now, body);
    const stamp = String(Math.floor(now.getTime() / 1000));
    const headers = { "webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature };
    expect((await fetch(`${at(editor).url}/hooks/cms`, { method: "POST", headers, body })).status).toBe(202);
  }

  async function post(editor: string, path: string, fields: Record<string, string>): Promise<Response> {
    const { url } = at(editor);
    return fetch(url + path, {
      method: "POST",
      redirect: "manual",
      headers: { cookie, origin: url, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields),
    });
  }

  const postOf = (id: string, account: string) =>
    until(async () => {
      const { rows } = await postgres.store.query<{ id: string; revision: number; state: string; code: string }>(
        `select p.id, p.revision, p.state, l.code from slugline.post p join slugline.account a on a.id = p.account_id
           join slugline.article r on r.id = p.article_id join slugline.link l on l.id = p.link_id where r.guid = $1 and a.name = $2`,
        [id, account],
      );
      return rows[0];
    });
  const deliveryOf = async (postId: string) =>
    (
      await postgres.store.query<{ state: string; attempts: number }>(
        "select state, attempts from slugline.delivery where post_id = $1 and state <> 'cancelled'",
        [postId],
      )
    ).rows[0];
  const copies = (title: string) => server.accepted.filter(({ text }) => text.startsWith(`${title}\n`)).length;

  test("all of them say that they are ready", async () => {
    for (const [name, { healthUrl }] of running)
      expect({ name, status: (await fetch(`${healthUrl}/readyz`)).status }).toEqual({ name, status: 200 });
  });

  test("told at one editor, decided at another, sent once, and its link leads on at every redirect", async () => {
    const token = await createSignInLink(postgres.store, null);
    const rosa = { name: "Rosa", email: "rosa@example.org", password: "correct horse battery" };
    const welcome = await post("editor 1", `/sign-in/${token}`, rosa);
    expect(welcome.status).toBe(303);
    cookie = welcome.headers.getSetCookie()[0]!.split(";", 1)[0]!;
    const browser = {
      post: (path: string, fields: Record<string, string>) => post("editor 1", path, fields),
      page: async (path: string) => (await fetch(at("editor 1").url + path, { headers: { cookie } })).text(),
    };
    await setUpCode(postgres.store, browser, rosa.password);

    await hook("bridge");
    const waiting = await postOf("bridge", "desk");
    const stream = await fetch(`${at("editor 2").url}/live`, { headers: { cookie } });
    const reader = stream.body!.getReader();
    await reader.read();
    const approved = await post("editor 1", `/posts/${waiting.id}/approval`, { revision: String(waiting.revision) });
    expect(approved.status).toBe(303);
    const began = performance.now();
    let heard = "";
    while (!heard.includes("event: bell")) heard += new TextDecoder().decode((await reader.read()).value);
    console.log(`an approval at one editor rang at the other after ${Math.round(performance.now() - began)} ms`);
    await reader.cancel();
    const queue = await (await fetch(at("editor 2").url, { headers: { cookie } })).text();
    expect(queue).not.toContain(waiting.id);

    await until(async () => (await deliveryOf(waiting.id))?.state === "posted");
    const robot = await postOf("bridge", "robot");
    await until(async () => (await deliveryOf(robot.id))?.state === "posted");
    expect(copies("Story bridge")).toBe(2);
    const known = performance.now();
    for (const name of ["redirect 1", "redirect 2"]) {
      const location = await until(async () => {
        const answer = await fetch(`${at(name).shortUrl}/${waiting.code}`, { redirect: "manual" });
        return answer.status === 302 && answer.headers.get("location");
      });
      expect(location).toMatch(/^https:\/\/example\.org\/bridge/);
    }
    console.log(`its link was live at both redirects ${Math.round(performance.now() - known)} ms after the post was there`);
    await until(async () => {
      const { rows } = await postgres.store.query<{ n: number }>(
        "select coalesce(sum(count), 0)::int as n from slugline.click_hour",
      );
      return rows[0]!.n >= 2;
    });
  });

  test("a worker killed while it sends is taken over by another: the post is found, not sent again", async () => {
    server.next("hang-after-accept");
    await hook("river");
    await until(async () => copies("Story river") === 1);
    await at("work 1").kill();
    await at("work 2").kill();
    await start("work 3", "work");
    const robot = await postOf("river", "robot");
    await until(async () => (await deliveryOf(robot.id))?.state === "posted");
    expect(copies("Story river")).toBe(1);
  });

  test("asked to stop (SIGTERM), a worker finishes what it sends and ends well", async () => {
    server.next({ status: 200, accept: true, answerAfterMs: 2_500 });
    await hook("market");
    await until(async () => copies("Story market") === 1);
    expect(await at("work 3").stop()).toBe(0);
    running.delete("work 3");
    expect(await deliveryOf((await postOf("market", "robot")).id)).toEqual({ state: "posted", attempts: 1 });
  });

  test("with every worker gone, what is decided waits, and goes out once one is back", async () => {
    await hook("school");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(copies("Story school")).toBe(0);
    await start("work 4", "work");
    await until(async () => copies("Story school") === 1);
  });
});
