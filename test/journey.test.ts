import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp, type App } from "../src/app.ts";
import { loadConfig } from "../src/config.ts";
import { silentLog } from "../src/lib/log.ts";
import { createSignInLink } from "../src/newsroom/sign-in-link.ts";
import { setUpCode } from "./support/codes.ts";
import { startMastodon, type MastodonStandIn } from "./support/mastodon.ts";
import { testStore, until, type TestStore } from "./support/store.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const READER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

let folder: string;
let store: TestStore;
let server: MastodonStandIn;
let app: App;
let editor: string;
let shortUrl: string;
let cookie = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slugline journey "));
  store = await testStore();
  server = await startMastodon();
  const [port, redirectPort] = [await freePort(), await freePort()];
  editor = `http://localhost:${port}`;
  shortUrl = `http://127.0.0.1:${redirectPort}`;
  await writeFile(
    join(folder, "newsroom.yaml"),
    `
site: { name: Journey, url: "https://example.org", languages: [en], timeZone: UTC }
outbound: { allow: ["${new URL(server.url).host}"] }
sources: [{ name: cms, kind: hook, secretEnv: CMS_SECRET }]
accounts:
  - { name: desk, network: mastodon, server: "${server.url}", tokenEnv: MASTO_TOKEN, mode: review }
  - { name: robot, network: mastodon, server: "${server.url}", tokenEnv: MASTO_TOKEN, mode: auto }
voices: { plain: { text: "{headline}\\n\\n{summary}\\n\\n{link}" } }
rules: [{ accounts: [desk, robot] }]
`,
  );
  const env = {
    DATABASE_URL: store.databaseUrl,
    SLUGLINE_KEY: Buffer.alloc(32, 7).toString("base64"),
    DATA_DIR: join(folder, "data"),
    PORT: String(port),
    REDIRECT_PORT: String(redirectPort),
    HEALTH_PORT: "0",
    SLUGLINE_CONFIG: join(folder, "newsroom.yaml"),
    CMS_SECRET: SECRET,
    MASTO_TOKEN: server.token,
  };
  app = await createApp(loadConfig(env, { folder }), undefined, { log: silentLog });
});
afterAll(async () => {
  await app.drain(2_000);
  await app[Symbol.asyncDispose]();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function post(path: string, fields: Record<string, string>): Promise<Response> {
  return fetch(editor + path, {
    method: "POST",
    redirect: "manual",
    headers: { cookie, origin: editor, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields),
  });
}
const page = async (path: string) => (await fetch(editor + path, { headers: { cookie } })).text();

test("one article, from the CMS to a counted click", async () => {
  const token = await createSignInLink(app.store, null);
  const welcome = await post(`/sign-in/${token}`, { name: "Rosa", email: "rosa@example.org", password: "correct horse battery" });
  expect(welcome.status).toBe(303);
  cookie = welcome.headers.getSetCookie()[0]!.split(";", 1)[0]!;
  await setUpCode(app.store, { post, page }, "correct horse battery");

  const body = JSON.stringify({
    event: "published",
    article: {
      guid: "bridge",
      url: "https://example.org/bridge",
      title: "The bridge opens",
      text: `QAMISHLI – ${"The old bridge opens on Monday, the council said on Tuesday. ".repeat(8)}`,
      lang: "en",
    },
  });
  const now = new Date();
  const headers = {
    "content-type": "application/json",
    "webhook-id": "journey-1",
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(SECRET).sign("journey-1", now, body),
  };
  for (let n = 0; n < 20; n += 1)
    expect((await fetch(`${editor}/hooks/cms`, { method: "POST", headers, body })).status).toBe(202);

  const automatic = await until(async () => server.accepted[0]);
  expect(automatic.text).toMatch(/^The bridge opens\n\nThe old bridge opens on Monday, the council said on Tuesday\./);

  const waiting = await until(
    async () =>
      (
        await store.query<{ id: string; revision: number }>(
          "select p.id, p.revision from slugline.post p join slugline.account a on a.id = p.account_id where a.name = 'desk' and p.state = 'waiting'",
        )
      ).rows[0],
  );
  expect(await page("/")).toContain("The bridge opens");
  expect((await post(`/posts/${waiting.id}/approval`, { revision: String(waiting.revision) })).status).toBe(303);
  const approved = await until(async () => server.accepted[1]);

  const link = /http:\/\/127\.0\.0\.1:\d+\/[a-z2-9]{8}/.exec(approved.text)![0];
  expect(link.startsWith(shortUrl)).toBe(true);
  expect(automatic.text).not.toContain(link);
  const visit = await until(async () => {
    const answer = await fetch(link, { redirect: "manual", headers: { "user-agent": READER } });
    return answer.status === 302 && answer;
  });
  expect(visit.headers.get("location")).toBe("https://example.org/bridge");
  await fetch(link, {
    redirect: "manual",
    headers: { "user-agent": "Mastodon/4.5 (http.rb/5.2; +https://social.example/) Bot" },
  });
  const counted = await until(async () => {
    const { rows } = await store.query<{ class: string; count: number }>(
      "select class, sum(count)::int as count from slugline.click_hour group by class order by class",
    );
    return rows.length === 2 && rows;
  });
  expect(counted).toEqual([
    { class: "click", count: 1 },
    { class: "preview", count: 1 },
  ]);
  expect(await page("/links")).toMatch(/<b>1<\/b><span>click<\/span>/);
  expect(server.accepted).toHaveLength(2);
});

test("the parts say that they are ready", async () => {
  expect((await fetch(`${app.healthUrl}/readyz`)).status).toBe(200);
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
