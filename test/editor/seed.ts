import { networksFor } from "../../src/app/networks.ts";
import { USUAL_SERVERS } from "../../src/config/networks.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import type { Limits } from "../../src/lib/text/limits.ts";
import type { EditorDeps } from "../../src/editor/deps.ts";
import { createEditor } from "../../src/editor/editor.ts";
import { createConnecting } from "../../src/newsroom/connect-account.ts";
import { createPerson } from "../../src/newsroom/people.ts";
import { consumeSignInLink, createSignInLink } from "../../src/newsroom/sign-in-link.ts";
import type { Role } from "../../src/newsroom/person.ts";
import { PLAIN_VOICE } from "../../src/post/write.ts";
import type { TestStore } from "../support/store.ts";

export const SHORT_URL = "https://go.example.org";
export const ORIGIN = "http://localhost:3000";
/** The master key of tests. */
const KEY: Uint8Array = new Uint8Array(32).fill(7);
/** Reaches nobody: whoever wants a network in a test gives one. */
const NO_WAY_OUT = createOutbound({ allow: [], userAgent: "Slugline/test" });
const LIMITS: Limits = { max: 500, unit: "grapheme", perLink: 23 };

const STORIES = [
  {
    account: "masto-en",
    lang: "en",
    dir: "ltr",
    title: "Old bridge opens again after nine years of repairs",
    summary:
      "Pedestrians may cross from Monday, the city council said. Cars will have to wait until spring, when the eastern ramp is done.",
  },
  {
    account: "masto-ar",
    lang: "ar",
    dir: "rtl",
    title: "افتتاح الجسر القديم بعد تسع سنوات من الترميم",
    summary: "قال مجلس المدينة إن المشاة يمكنهم العبور ابتداء من يوم الاثنين، أما السيارات فعليها الانتظار حتى الربيع.",
  },
  {
    account: "masto-ckb",
    lang: "ckb",
    dir: "rtl",
    title: "پردە کۆنەکە دوای نۆ ساڵ دەکرێتەوە",
    summary: "ئەنجومەنی شار ڕایگەیاند کە پیادەکان لە ڕۆژی دووشەممەوە دەتوانن بپەڕنەوە.",
  },
  {
    account: "masto-de",
    lang: "de",
    dir: "ltr",
    title: "Alte Brücke nach neun Jahren Sanierung wieder geöffnet",
    summary: "Fußgänger dürfen ab Montag hinüber, teilte der Stadtrat mit.",
  },
] as const;

export type Desk = Awaited<ReturnType<typeof seeded>>;

/** An editor's door on a store with a small newsroom in it: four accounts, a story for each, all waiting. */
export async function seeded(store: TestStore, given: Partial<EditorDeps> = {}) {
  const rings = new Set<() => void>();
  const closing = new AbortController();
  const deps: EditorDeps = {
    store,
    clock: systemClock,
    site: { name: "Daily Example", languages: ["en", "ar"], timeZone: "Asia/Damascus" },
    shortUrl: SHORT_URL,
    publicUrl: ORIGIN,
    usualLimits: () => LIMITS,
    promiseOf: () => ({ promise: "reconciled", settleMs: 45_000 }),
    keys: () => [KEY],
    connecting: createConnecting({
      store,
      networks: networksFor(NO_WAY_OUT, systemClock),
      servers: USUAL_SERVERS,
      secrets: () => undefined,
      keys: () => [KEY],
      publicUrl: ORIGIN,
      shortUrl: SHORT_URL,
    }),
    live: { subscribe: (ring) => (rings.add(ring), () => rings.delete(ring)) },
    log: silentLog,
    closing: closing.signal,
    ...given,
  };
  const editor = createEditor(deps);
  await store.query("insert into slugline.voice (name, spec, origin) values ('plain', $1, 'file') on conflict do nothing", [
    JSON.stringify(PLAIN_VOICE),
  ]);
  const source = newId();
  await store.query(
    "insert into slugline.source (id, name, kind, url, origin, last_ok_at) values ($1, 'front', 'feed', 'https://example.org/feed', 'file', slugline.now())",
    [source],
  );

  async function person(name: string, role: Role): Promise<{ id: string; cookie: string }> {
    const made = await createPerson(store, { email: `${name.toLowerCase()}@example.org`, name, role });
    if (!made) throw new Error(`${name} is there already`);
    const signed = await consumeSignInLink(store, await createSignInLink(store, made.id), {
      email: "",
      name: "",
      password: "correct horse battery",
    });
    if (!signed.ok) throw new Error(signed.code);
    return { id: made.id, cookie: `slugline=${signed.token}` };
  }

  async function account(name: string, lang: string): Promise<string> {
    const { rows } = await store.query<{ id: string }>("select id from slugline.account where name = $1", [name]);
    if (rows[0]) return rows[0].id;
    const id = newId();
    await store.query(
      "insert into slugline.account (id, name, network, handle, lang, rehearsal, origin) values ($1, $2, 'mastodon', $3, $4, true, 'file')",
      [id, name, `${name}@mastodon.example`, lang],
    );
    return id;
  }

  /** A story and its post that waits. */
  async function waiting(
    it: {
      account?: string;
      lang?: string;
      dir?: string;
      title?: string;
      summary?: string;
      priority?: string;
      image?: string;
    } = {},
  ) {
    const article = newId();
    const post = newId();
    const link = newId();
    const { lang = "en", dir = "ltr", title = `A story ${article.slice(-5)}`, summary = "The council said so on Tuesday." } = it;
    const code = article.replaceAll("-", "").slice(-8);
    const url = `https://example.org/${article}`;
    await store.query(
      `insert into slugline.article (id, source_id, url, canonical_url, state, title, summary, body, lang, dir, authors, image_url, image_alt, published_at, composed_version)
       values ($1, $2, $3, $3, 'ready', $4, $5, $6, $7, $8, '{Rosa Haddad}', $9, 'The bridge at dusk', slugline.now(), 1)`,
      [article, source, url, title, summary, [summary, summary], lang, dir, it.image ?? null],
    );
    await store.query("insert into slugline.link (id, code, target, article_id, placement) values ($1, $2, $3, $4, $5)", [
      link,
      code,
      url,
      article,
      `post:${post}`,
    ]);
    const accountId = await account(it.account ?? "masto-en", lang);
    await store.transaction(async (db) => {
      await db.query(
        `insert into slugline.post (id, article_id, account_id, state, mode, mode_why, priority, article_version, link_id)
         values ($1, $2, $3, 'waiting', 'review', 'account ${it.account ?? "masto-en"}', $4, 1, $5)`,
        [post, article, accountId, it.priority ?? "normal", link],
      );
      await db.query(
        "insert into slugline.post_revision (post_id, revision, text, lang, dir, hash) values ($1, 1, $2, $3, $4, 'seeded')",
        [post, `${title}\n\n${summary}\n\n${SHORT_URL}/${code} #news`, lang, dir],
      );
    });
    return { post, article, code, title };
  }

  return {
    deps,
    editor,
    person,
    waiting,
    ring: () => rings.forEach((ring) => ring()),
    rings,
    close: () => closing.abort(),
    stories: STORIES,
  };
}

/** A form as a browser of ours posts it. */
export function posted(fields: Record<string, string>, cookie: string, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", cookie, ...headers },
  };
}
