import { Webhook } from "standardwebhooks";
import { createParser } from "../../src/article/parser.ts";
import { readArticle } from "../../src/article/read.ts";
import { receiveHook, type HookAnswer } from "../../src/article/receive.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { testStore, type TestStore } from "./store.ts";

export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const STORY = "The old bridge opens on Monday, the council said on Tuesday. ".repeat(10);

interface Sent {
  readonly id?: string;
  readonly at?: Date;
  readonly secret?: string;
  readonly tamper?: (body: string) => string;
  readonly to?: string;
}

/** A CMS that tells of its stories by signed hooks, and the store that hears of them. */
export interface Cms extends AsyncDisposable {
  readonly store: TestStore;
  /** The id of its source, whose name is `cms`. */
  readonly source: string;
  send(payload: unknown, how?: Sent): Promise<HookAnswer>;
  /** What is known of a story, by its guid. */
  rowsOf(guid: string): Promise<{ id: string; state: string; title: string; version: number }[]>;
  /** Reads a story, as its bell has it done. */
  read(articleId: string): Promise<void>;
}

export async function openCms(): Promise<Cms> {
  const store = await testStore();
  const parser = createParser({ timeMs: 60_000 });
  const outbound = createOutbound({ allow: [], userAgent: "Slugline/test" });
  const source = newId();
  await store.query("insert into slugline.source (id, name, kind, settings, origin) values ($1, 'cms', 'hook', $2, 'file')", [
    source,
    JSON.stringify({ secretEnv: "CMS_SECRET" }),
  ]);
  return {
    store,
    source,
    send(payload, { id = newId(), at = new Date(), secret = SECRET, tamper = (body: string) => body, to = "cms" } = {}) {
      const body = typeof payload === "string" ? payload : JSON.stringify(payload);
      const headers = {
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
        "webhook-signature": new Webhook(secret).sign(id, at, body),
      };
      return receiveHook({ store, secrets: () => SECRET, clock: systemClock }, to, headers, Buffer.from(tamper(body)));
    },
    async rowsOf(guid) {
      const { rows } = await store.query<{ id: string; state: string; title: string; version: number }>(
        "select id, state, title, version from slugline.article where guid = $1",
        [guid],
      );
      return rows;
    },
    read: (articleId) =>
      readArticle(
        { store, outbound, parser, clock: systemClock, random: Math.random, log: silentLog },
        articleId,
        new AbortController().signal,
      ),
    async [Symbol.asyncDispose]() {
      await parser[Symbol.asyncDispose]();
      await outbound.close();
    },
  };
}

/** The message that a story is published. */
export const published = (guid: string, more: object = {}) => ({
  event: "published",
  article: { guid, url: `https://example.org/${guid}`, title: `Story ${guid}`, text: STORY, lang: "en", ...more },
});
