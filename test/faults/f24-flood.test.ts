import { afterAll, beforeAll, expect, test } from "vitest";
import { createParser } from "../../src/article/parser.ts";
import { dueArticles } from "../../src/article/store.ts";
import { checkSource, type WatchDeps } from "../../src/article/watch.ts";
import { troubles } from "../../src/health/health.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { startRecording, type Recording } from "../support/recording.ts";
import { advance, testStore, type TestStore } from "../support/store.ts";
import { tell } from "./tally.ts";

const OLD = 500;

let store: TestStore;
let site: Recording;
let deps: WatchDeps;
let source: string;
/** What the feed shows: the guids of its stories. */
let shown: readonly string[] = [];

beforeAll(async () => {
  store = await testStore();
  site = await startRecording((_, response) => response.writeHead(200, { "content-type": "application/rss+xml" }).end(feed()));
  const outbound = createOutbound({ allow: [new URL(site.url).host], userAgent: "Slugline/test" });
  deps = { store, outbound, parser: createParser({ timeMs: 60_000 }), clock: systemClock, random: () => 0, log: silentLog };
  source = newId();
  await store.query(
    "insert into slugline.source (id, name, kind, url, host, interval_s, origin) values ($1, 'front', 'feed', $2, $3, 60, 'file')",
    [source, `${site.url}/feed`, new URL(site.url).host],
  );
});
afterAll(async () => {
  await deps.parser[Symbol.asyncDispose]();
  await deps.outbound.close();
  await site.close();
});

function feed(): string {
  const items = shown.map(
    (guid) =>
      `<item><guid isPermaLink="false">${guid}</guid><link>${site.url}/${guid}</link><title>Story ${guid}</title><description>Told before.</description></item>`,
  );
  return `<?xml version="1.0"?><rss version="2.0"><channel><title>Front</title><link>${site.url}</link>${items.join("")}</channel></rss>`;
}

async function poll(): Promise<void> {
  await checkSource(deps, source, new AbortController().signal);
  await advance(store, "61s");
}

async function states(): Promise<Record<string, number>> {
  const { rows } = await store.query<{ state: string; n: number }>(
    "select state, count(*) as n from slugline.article group by 1",
  );
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
}

const many = (prefix: string) => Array.from({ length: OLD }, (_, nth) => `${prefix}-${nth}`);

test("F24: a feed that shows its 500 old stories under new names is held, and a person is asked", async () => {
  shown = many("old");
  await poll();
  expect(await states()).toEqual({ baseline: OLD });
  shown = many("moved");
  await poll();
  expect(await states()).toEqual({ baseline: OLD, held: OLD });
  expect(await dueArticles(store, 1_000)).toEqual([]);
  expect((await troubles(store)).map(({ code }) => code)).toContain("article-held");
  // Shown again, they are neither forgotten nor let through; what is news meanwhile is.
  shown = ["today", ...many("moved")];
  await poll();
  expect(await states()).toEqual({ baseline: OLD, held: OLD, seen: 1 });
  tell({ part: "F24", runs: 1, faults: { "old story shown as new": OLD } });
});
