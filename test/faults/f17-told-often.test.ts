import { afterAll, beforeAll, expect, test } from "vitest";
import { Webhook } from "standardwebhooks";
import { createParser } from "../../src/article/parser.ts";
import { readArticle } from "../../src/article/read.ts";
import { receiveHook, type HookAnswer } from "../../src/article/receive.ts";
import { dueArticles } from "../../src/article/store.ts";
import { checkSource, type WatchDeps } from "../../src/article/watch.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { composeArticle } from "../../src/post/compose.ts";
import { openDesk, SHORT_URL } from "../support/desk.ts";
import { startRecording, type Recording } from "../support/recording.ts";
import { advance, testStore, type TestStore } from "../support/store.ts";
import { tell } from "./tally.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const STORY = "The old bridge opens on Monday, the council said on Tuesday. ".repeat(10);
const TIMES = 20;
const DAY_MS = 86_400_000;

let store: TestStore;
let desk: Awaited<ReturnType<typeof openDesk>>;
let site: Recording;
let deps: WatchDeps;
let feed: string;
/** Addresses the feed lists. */
let listed: readonly string[] = [];

beforeAll(async () => {
  store = await testStore();
  desk = await openDesk(store);
  await desk.account({ name: "local", rehearsal: true });
  await store.query("update slugline.rule set spec = jsonb_set(spec, '{when,source}', '[]')");
  await store.query("update slugline.source set name = 'cms', settings = $1", [{ secretEnv: "CMS_SECRET" }]);
  site = await startRecording((_, response) => response.writeHead(200, { "content-type": "application/rss+xml" }).end(rss()));
  const outbound = createOutbound({ allow: [new URL(site.url).host], userAgent: "Slugline/test" });
  deps = { store, outbound, parser: createParser({ timeMs: 60_000 }), clock: systemClock, random: () => 0, log: silentLog };
  feed = newId();
  await store.query(
    "insert into slugline.source (id, name, kind, url, host, interval_s, origin) values ($1, 'front', 'feed', $2, $3, 60, 'file')",
    [feed, `${site.url}/feed`, new URL(site.url).host],
  );
  await poll();
});
afterAll(async () => {
  await deps.parser[Symbol.asyncDispose]();
  await deps.outbound.close();
  await desk.close();
  await site.close();
});

function rss(): string {
  const items = listed.map(
    (url) =>
      `<item><guid>${url}</guid><link>${url}?utm_source=feed</link><title>Bridge</title><description>${STORY}</description></item>`,
  );
  return `<?xml version="1.0"?><rss version="2.0"><channel><title>Front</title><link>${site.url}</link>${items.join("")}</channel></rss>`;
}

async function poll(): Promise<void> {
  await checkSource(deps, feed, new AbortController().signal);
  await advance(store, "61s");
}

interface Signed {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

function signed(guid: string, event: "published" | "updated", id = newId(), at = new Date()): Signed {
  const article = { guid, url: `${site.url}/${guid}`, title: "Bridge", text: STORY, lang: "en" };
  const body = JSON.stringify({ event, article });
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(SECRET).sign(id, at, body),
  };
  return { headers, body: Buffer.from(body) };
}

const receive = ({ headers, body }: Signed, laterMs = 0): Promise<HookAnswer> =>
  receiveHook({ store, secrets: () => SECRET, clock: { ...systemClock, now: () => Date.now() + laterMs } }, "cms", headers, body);

/** The story goes on to its post, as often as there is anything to do for it. */
async function goOn(): Promise<void> {
  for (const id of await dueArticles(store, 100)) await readArticle(deps, id, new AbortController().signal);
  const { rows } = await store.query<{ id: string }>("select id from slugline.article where state = 'ready'");
  for (const { id } of rows) await composeArticle({ store, shortUrl: SHORT_URL, usualLimits: desk.usualLimits }, id);
}

async function candidates(guid: string): Promise<{ articles: number; posts: number }> {
  const { rows } = await store.query<{ articles: number; posts: number }>(
    `select count(distinct a.id) as articles, count(p.id) as posts
       from slugline.article a left join slugline.post p on p.article_id = a.id where a.canonical_url = $1`,
    [`${site.url}/${guid}`],
  );
  return rows[0]!;
}

test("F17: told twenty times at once by the hook, its change before it, and by a feed meanwhile: one story, one post", async () => {
  listed = [`${site.url}/at-once`];
  const same = signed("at-once", "published");
  const answers = await Promise.all([
    receive(signed("at-once", "updated")),
    ...Array.from({ length: TIMES }, (_, nth) => receive(nth % 2 === 0 ? same : signed("at-once", "published"))),
    poll(),
  ]);
  for (const answer of answers.slice(0, -1)) expect(answer).toMatchObject({ status: 202 });
  await goOn();
  await poll();
  await goOn();
  expect(await candidates("at-once")).toEqual({ articles: 1, posts: 1 });
  tell({ part: "F17", runs: 1, faults: { "hook repeated": TIMES, "hook out of order": 1, "told by a feed at once": 1 } });
});

test("F17: replayed a day later it is refused; sent again by the CMS, signed anew, it makes no second story", async () => {
  const id = newId();
  const first = signed("replayed", "published", id);
  expect(await receive(first)).toMatchObject({ status: 202 });
  await goOn();
  expect(await candidates("replayed")).toEqual({ articles: 1, posts: 1 });
  expect(await receive(first, DAY_MS)).toMatchObject({ status: 401 });
  const again = [id, newId()].map((one) => signed("replayed", "published", one, new Date(Date.now() + DAY_MS)));
  await advance(store, "24h");
  for (const hook of again) expect(await receive(hook, DAY_MS)).toMatchObject({ status: 202 });
  await goOn();
  expect(await candidates("replayed")).toEqual({ articles: 1, posts: 1 });
  tell({ part: "F17", runs: 1, faults: { "hook replayed after a day": 3 } });
});
