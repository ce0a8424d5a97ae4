import { afterAll, beforeAll, expect, test } from "vitest";
import { Webhook } from "standardwebhooks";
import { openStore, type OpenStore } from "../../src/store/open.ts";
import { silentLog } from "../../src/lib/log.ts";
import { startMastodon, type MastodonStandIn } from "../support/mastodon.ts";
import { freePorts, startSlugline, tempFolder, type Ports, type Running } from "../support/slugline.ts";
import { until } from "../support/store.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const READER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const KILLS = 8;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

let server: MastodonStandIn;
let folder: Awaited<ReturnType<typeof tempFolder>>;
let ports: Ports;
let running: Running | undefined;

beforeAll(async () => {
  server = await startMastodon({ rateLimit: 1_000_000 });
  folder = await tempFolder();
  ports = await freePorts();
});
afterAll(async () => {
  await running?.stop();
  await server.close();
  await folder.remove();
});

async function start(): Promise<void> {
  const newsroom = `
site: { name: Kill, url: "https://example.org", languages: [en], timeZone: UTC }
outbound: { allow: ["${new URL(server.url).host}"] }
sources: [{ name: cms, kind: hook, secretEnv: CMS_SECRET }]
accounts:
  - { name: masto, network: mastodon, server: "${server.url}", tokenEnv: MASTO_TOKEN, mode: auto }
  - { name: local, network: rehearsal, rehearsal: true, mode: auto }
rules: [{ accounts: [masto, local] }]
`;
  running = await startSlugline(folder.path, { newsroom, ports, env: { CMS_SECRET: SECRET, MASTO_TOKEN: server.token } });
}

/** True only when the hook was acknowledged: from then on its story must not be lost. */
async function hook(id: string): Promise<boolean> {
  const body = JSON.stringify({
    event: "published",
    article: {
      guid: id,
      url: `https://example.org/${id}`,
      title: `Story ${id}`,
      text: "The bridge opens on Monday, the council said on Tuesday. ".repeat(9),
      lang: "en",
    },
  });
  const now = new Date();
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(SECRET).sign(id, now, body),
  };
  return fetch(`${running!.url}/hooks/cms`, { method: "POST", headers, body }).then(
    (answer) => answer.status === 202,
    () => false,
  );
}

async function click(link: string): Promise<boolean> {
  return fetch(link, { redirect: "manual", headers: { "user-agent": READER } }).then(
    (answer) => answer.status === 302,
    () => false,
  );
}

test(`kill -9 at any moment, then start: nothing lost, nothing twice, no click forgotten (seed ${seed})`, async () => {
  let state = seed;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const acknowledged: string[] = [];
  let clicks = 0;
  let asked = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    await start();
    let alive = true;
    const busy = (async () => {
      for (let n = 0; alive; n += 1) {
        const id = `k${kill}-${n}`;
        if (await hook(id)) acknowledged.push(id);
        const link = /http:\/\/127\.0\.0\.1:\d+\/\S{8}/.exec(server.accepted.at(-1)?.text ?? "")?.[0];
        // As busy as no newsroom is, and yet so that a read-back of the network's last posts finds each of them.
        for (let visit = 0; link && visit < 20; visit += 1) {
          asked += 1;
          if (await click(link)) clicks += 1;
        }
      }
    })();
    // Every other time it is killed wherever it is by then, and else once followers have clicked.
    const before = clicks;
    if (kill % 2 === 1) await until(async () => clicks > before);
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * 2_500));
    await running!.kill();
    alive = false;
    await busy;
  }
  await start();
  const store: OpenStore = await openStore({ dataDir: `${folder.path}/data`, log: silentLog, role: "cli" });
  const count = async (sql: string) => Number((await store.query<{ n: string }>(sql)).rows[0]!.n);
  // A delivery under the lease of a process that died waits for it to end, and for the network to settle.
  const open = async () =>
    (
      await store.query(
        `select a.name, p.state as post, d.state, d.why, d.attempts, d.misses, d.epoch, d.next_at - slugline.now() as next_in, d.lease_until - slugline.now() as lease,
                (select string_agg(t.kind || ':' || coalesce(t.outcome, '?'), ' ' order by t.began_at) from slugline.attempt t where t.delivery_id = d.id) as attempts_made
           from slugline.post p join slugline.account a on a.id = p.account_id left join slugline.delivery d on d.post_id = p.id
          where d.state is distinct from 'posted'`,
      )
    ).rows;
  const unread = async () =>
    (
      await store.query(
        "select state, failures, error from slugline.article where state <> 'ready' or composed_version < version",
      )
    ).rows;
  await until(async () => (await open()).length + (await unread()).length === 0).catch(async () =>
    expect([await open(), await unread()]).toEqual([[], []]),
  );
  for (const id of acknowledged) {
    expect(server.accepted.filter(({ text }) => text.startsWith(`Story ${id}\n`))).toHaveLength(1);
  }
  expect(
    await count(
      "select count(*) as n from (select key from slugline.timeline group by account_id, key having count(*) > 1) twice",
    ),
  ).toBe(0);
  expect(await count("select count(*) as n from slugline.timeline")).toBe(server.accepted.length);
  expect(new Set(server.accepted.map(({ text }) => text.split("\n", 1)[0])).size).toBe(server.accepted.length);
  await until(
    async () => (await count("select coalesce(sum(count), 0) as n from slugline.click_hour where class = 'click'")) >= clicks,
  );
  const counted = await count("select sum(count) as n from slugline.click_hour where class = 'click'");
  expect(counted).toBeGreaterThanOrEqual(clicks);
  // A click whose answer the kill cut off may be counted; more than one for each kill would be an invention.
  expect(counted).toBeLessThanOrEqual(clicks + KILLS);
  expect(asked).toBeGreaterThan(KILLS);
  console.log(
    `seed ${seed}: ${KILLS} kills, ${acknowledged.length} hooks acknowledged, ${server.accepted.length} posted, ${clicks} clicks answered, ${counted} counted`,
  );
  await store.close();
});
