import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { startMastodon } from "../test/support/mastodon.ts";
import { quantile, startSlugline, tempFolder } from "../test/support/slugline.ts";

const HOOKS = 300;
const EVERY_MS = 60;
const REPEATS = 20;
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** A signed hook that carries its article, for an `auto` account: from its acknowledgement to the post accepted by a Mastodon stand-in. */
export async function run(): Promise<void> {
  const server = await startMastodon({ rateLimit: 1_000_000 });
  const folder = await tempFolder();
  const newsroom = `
site: { name: Bench, url: "https://example.org", languages: [en], timeZone: UTC }
outbound: { allow: ["${new URL(server.url).host}"] }
sources: [{ name: cms, kind: hook, secretEnv: CMS_SECRET }]
accounts: [{ name: masto, network: mastodon, server: "${server.url}", tokenEnv: MASTO_TOKEN, mode: auto }]
rules: [{ accounts: [masto] }]
`;
  const slugline = await startSlugline(folder.path, { newsroom, env: { CMS_SECRET: SECRET, MASTO_TOKEN: server.token } });
  const acknowledged = new Map<string, number>();
  for (let n = 0; n < 20; n += 1) await send(slugline.url, `warm-${n}`);
  await sleep(3_000);
  const before = server.accepted.length;
  for (let n = 0; n < HOOKS; n += 1) {
    const began = performance.now();
    await send(slugline.url, `story-${n}`);
    acknowledged.set(`story-${n}`, Date.now());
    await sleep(Math.max(0, EVERY_MS - (performance.now() - began)));
  }
  for (let n = 0; n < REPEATS; n += 1) await send(slugline.url, "repeated");
  for (let waited = 0; server.accepted.length < before + HOOKS + 1 && waited < 30_000; waited += 100) await sleep(100);
  await sleep(2_000);
  const accepted = server.accepted.slice(before);
  const took = accepted.flatMap(({ text, createdAt }) => {
    const at = acknowledged.get(/story-\d+/.exec(text)?.[0] ?? "");
    return at === undefined ? [] : [createdAt - at];
  });
  await slugline.stop();
  await server.close();
  await folder.remove();
  console.log(
    `acknowledged -> accepted: p50 ${quantile(took, 0.5)} ms, p99 ${quantile(took, 0.99)} ms, slowest ${Math.max(...took)} ms of ${took.length} (one hook every ${EVERY_MS} ms)`,
  );
  console.log(
    `posts: ${accepted.length} of ${HOOKS + 1} stories; the one whose hook was sent ${REPEATS} times: ${accepted.filter(({ text }) => text.includes("repeated")).length}`,
  );
}

async function send(url: string, id: string): Promise<void> {
  const body = JSON.stringify({
    event: "published",
    article: {
      guid: id,
      url: `https://example.org/${id}`,
      title: `The bridge opens, ${id}`,
      text: "The old bridge opens on Monday, the council said on Tuesday. ".repeat(12),
      lang: "en",
    },
  });
  const now = new Date();
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(SECRET).sign(id, now, body),
  };
  const answer = await fetch(`${url}/hooks/cms`, { method: "POST", headers, body });
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
}
