import { createParser } from "../../src/article/parser.ts";
import { readArticle } from "../../src/article/read.ts";
import { dueArticles } from "../../src/article/store.ts";
import { checkSource, type WatchDeps } from "../../src/article/watch.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { startRecording, type Recording } from "./recording.ts";
import { testStore, type TestStore } from "./store.ts";

/** An item of a feed. */
interface Listed {
  readonly guid: string;
  readonly title: string;
  readonly body?: string;
  readonly link?: string;
  /** When it was published. */
  readonly date?: string;
}

/** What a path of the site answers. */
interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
  /** It answers no sooner. */
  readonly when?: Promise<void>;
}

/** A news site whose feeds are watched. */
export interface Feeds extends AsyncDisposable {
  readonly store: TestStore;
  readonly server: Recording;
  readonly deps: WatchDeps;
  /** What the site answers, by path. */
  readonly site: Map<string, Answer>;
  /** The RSS of these items. */
  feed(items: readonly Listed[]): string;
  /** A source of the feed at a path. */
  source(path: string, settings?: object, intervalS?: number): Promise<string>;
  check(sourceId: string): Promise<void>;
  /** What is known from a source, oldest first. */
  articles(sourceId: string): Promise<{ id: string; state: string; guid: string; title: string; version: number }[]>;
  /** Reads whatever waits to be read. */
  readAll(): Promise<void>;
}

/** The body of an item that says none. */
export const BODY = "The old bridge opens on Monday, the council said on Tuesday. Buses will cross it from Wednesday on. ".repeat(
  6,
);

export async function openFeeds(): Promise<Feeds> {
  const store = await testStore();
  const site = new Map<string, Answer>();
  const server = await startRecording(async (request, response) => {
    const answer = site.get(request.url) ?? { status: 404, body: "nothing here" };
    await answer.when;
    const etag = answer.headers?.["etag"];
    if (etag !== undefined && request.headers["if-none-match"] === etag)
      return void response.writeHead(304, answer.headers).end();
    response.writeHead(answer.status ?? 200, { "content-type": "application/rss+xml", ...answer.headers }).end(answer.body);
  });
  const outbound = createOutbound({ allow: [new URL(server.url).host], userAgent: "Slugline/test (+https://example.org)" });
  const deps = { store, outbound, parser: createParser({ timeMs: 60_000 }), clock: systemClock, random: () => 0, log: silentLog };
  const { signal } = new AbortController();
  return {
    store,
    server,
    deps,
    site,
    feed: (items: readonly Listed[]) =>
      `<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title><link>${server.url}</link>${items
        .map(
          (it) =>
            `<item><guid isPermaLink="false">${it.guid}</guid><link>${it.link ?? `${server.url}/${it.guid}`}</link><title>${it.title}</title>${it.date ? `<pubDate>${it.date}</pubDate>` : ""}<content:encoded><![CDATA[<p>${it.body ?? BODY}</p>]]></content:encoded></item>`,
        )
        .join("")}</channel></rss>`,
    async source(path, settings = {}, intervalS = 60) {
      const id = newId();
      await store.query(
        "insert into slugline.source (id, name, kind, url, host, interval_s, settings, origin) values ($1, $2, 'feed', $3, $4, $5, $6, 'file')",
        [id, `source-${id}`, server.url + path, new URL(server.url).host, intervalS, JSON.stringify(settings)],
      );
      return id;
    },
    check: (sourceId) => checkSource(deps, sourceId, signal),
    async articles(sourceId) {
      const { rows } = await store.query<{ id: string; state: string; guid: string; title: string; version: number }>(
        "select id, state, guid, title, version from slugline.article where source_id = $1 order by first_seen_at, id",
        [sourceId],
      );
      return rows;
    },
    async readAll() {
      for (const id of await dueArticles(store, 1_000)) await readArticle(deps, id, signal);
    },
    async [Symbol.asyncDispose]() {
      await deps.parser[Symbol.asyncDispose]();
      await outbound.close();
      await server.close();
    },
  };
}

/** Items of a feed, by their numbers. */
export const items = (from: number, to: number, prefix: string) =>
  Array.from({ length: to - from + 1 }, (_, n) => ({ guid: `${prefix}-${from + n}`, title: `Story ${prefix} ${from + n}` }));
