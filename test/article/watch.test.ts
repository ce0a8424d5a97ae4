import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createParser } from "../../src/article/parser.ts";
import { readArticle } from "../../src/article/read.ts";
import { releaseHeld } from "../../src/article/release.ts";
import { dueArticles, dueSources } from "../../src/article/store.ts";
import { checkSource, type WatchDeps } from "../../src/article/watch.ts";
import { newId } from "../../src/lib/id.ts";
import { silentLog } from "../../src/lib/log.ts";
import { plain } from "../../src/lib/say.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { systemClock } from "../../src/lib/time.ts";
import { startRecording, type Recording } from "../support/recording.ts";
import { assertSayable } from "../support/sayable.ts";
import { advance, testStore, until, type TestStore } from "../support/store.ts";

interface Told {
  readonly guid: string;
  readonly title: string;
  readonly body?: string;
  readonly link?: string;
  /** When it was published. */
  readonly date?: string;
}

let store: TestStore;
let server: Recording;
let deps: WatchDeps;
/** What the site answers, by path. */
const site = new Map<string, { status?: number; headers?: Record<string, string>; body: string; when?: Promise<void> }>();

beforeAll(async () => {
  store = await testStore();
  server = await startRecording(async (request, response) => {
    const answer = site.get(request.url) ?? { status: 404, body: "nothing here" };
    await answer.when;
    const etag = answer.headers?.["etag"];
    if (etag !== undefined && request.headers["if-none-match"] === etag)
      return void response.writeHead(304, answer.headers).end();
    response.writeHead(answer.status ?? 200, { "content-type": "application/rss+xml", ...answer.headers }).end(answer.body);
  });
  const outbound = createOutbound({ allow: [new URL(server.url).host], userAgent: "Slugline/test (+https://example.org)" });
  deps = { store, outbound, parser: createParser(), clock: systemClock, random: () => 0, log: silentLog };
});
afterAll(async () => {
  await everyReasonIsSayable();
  await deps.parser[Symbol.asyncDispose]();
  await deps.outbound.close();
  await server.close();
});

/** Whatever a row says of what went wrong in these tests, an Arabic editor can read. */
async function everyReasonIsSayable(): Promise<void> {
  const { rows } = await store.query<{ reason: string }>(
    `select error as reason from slugline.source_check union select error from slugline.article union select state_why from slugline.source`,
  );
  const reasons = rows.map(({ reason }) => reason).filter((reason) => reason !== null);
  expect(reasons.length).toBeGreaterThan(3);
  for (const reason of reasons) assertSayable(reason);
}

const story = "The old bridge opens on Monday, the council said on Tuesday. Buses will cross it from Wednesday on. ".repeat(6);
const feed = (items: readonly Told[]) =>
  `<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title><link>${server.url}</link>${items
    .map(
      (it) =>
        `<item><guid isPermaLink="false">${it.guid}</guid><link>${it.link ?? `${server.url}/${it.guid}`}</link><title>${it.title}</title>${it.date ? `<pubDate>${it.date}</pubDate>` : ""}<content:encoded><![CDATA[<p>${it.body ?? story}</p>]]></content:encoded></item>`,
    )
    .join("")}</channel></rss>`;

async function source(path: string, settings: object = {}, interval = 60): Promise<string> {
  const id = newId();
  await store.query(
    "insert into slugline.source (id, name, kind, url, host, interval_s, settings, origin) values ($1, $2, 'feed', $3, $4, $5, $6, 'file')",
    [id, `source-${id}`, server.url + path, `${new URL(server.url).host}`, interval, JSON.stringify(settings)],
  );
  return id;
}
const check = (id: string) => checkSource(deps, id, new AbortController().signal);
const articles = async (id: string) =>
  (
    await store.query<{ id: string; state: string; guid: string; title: string; version: number }>(
      "select id, state, guid, title, version from slugline.article where source_id = $1 order by first_seen_at, id",
      [id],
    )
  ).rows;
async function readAll(): Promise<void> {
  for (const id of await dueArticles(store, 1_000)) await readArticle(deps, id, new AbortController().signal);
}
const items = (from: number, to: number, prefix: string) =>
  Array.from({ length: to - from + 1 }, (_, n) => ({ guid: `${prefix}-${from + n}`, title: `Story ${prefix} ${from + n}` }));

describe("the first sight of a feed", () => {
  test("is known and not posted; what comes after is news, each story once", async () => {
    site.set("/first", { body: feed(items(1, 3, "a")) });
    const id = await source("/first");
    await check(id);
    expect((await articles(id)).map(({ state }) => state)).toEqual(["baseline", "baseline", "baseline"]);
    site.set("/first", { body: feed(items(1, 5, "a")) });
    await advance(store, "61s");
    await check(id);
    await advance(store, "61s");
    await check(id);
    expect((await articles(id)).map(({ guid, state }) => `${guid} ${state}`).toSorted()).toEqual([
      "a-1 baseline",
      "a-2 baseline",
      "a-3 baseline",
      "a-4 seen",
      "a-5 seen",
    ]);
  });

  test("posts the newest when the source says so", async () => {
    site.set("/newest", { body: feed(items(1, 5, "n")) });
    const id = await source("/newest", { postNewest: 2 });
    await check(id);
    const states = (await articles(id)).map(({ state }) => state);
    expect([states.filter((state) => state === "seen").length, states.filter((state) => state === "baseline").length]).toEqual([
      2, 3,
    ]);
  });
});

describe("a story", () => {
  test("whose guid names others of its feed too, or another one before, is a story all the same", async () => {
    const [home, latest] = [{ guid: "https://example.org/" }, { guid: "latest" }];
    const one = (n: number) => ({
      link: `${server.url}/shared-${n}`,
      title: `Story ${n}`,
      date: `Mon, 02 Nov 2026 1${n}:00:00 GMT`,
    });
    site.set("/shared", { body: feed([]) });
    site.set("/latest", { body: feed([]) });
    const [shared, single] = [await source("/shared"), await source("/latest")];
    for (const id of [shared, single]) await check(id);
    for (const n of [1, 2, 3]) {
      site.set("/shared", { body: feed(Array.from({ length: n }, (_, at) => ({ ...one(at + 1), ...home }))) });
      site.set("/latest", { body: feed([{ ...one(n + 3), ...latest }]) });
      await advance(store, "61s");
      for (const id of [shared, single]) await check(id);
    }
    expect((await articles(shared)).map(({ title }) => title)).toEqual(["Story 1", "Story 2", "Story 3"]);
    expect((await articles(single)).map(({ title }) => title)).toEqual(["Story 4", "Story 5", "Story 6"]);
  });

  test("told by two feeds, and under a tracking address, is one story", async () => {
    site.set("/one", { body: feed([]) });
    site.set("/two", { body: feed([]) });
    const [one, two] = [await source("/one"), await source("/two")];
    for (const id of [one, two]) await check(id);
    site.set("/one", { body: feed([{ guid: "same-1", title: "Same", link: `${server.url}/same` }]) });
    site.set("/two", { body: feed([{ guid: "other-guid", title: "Same", link: `${server.url}/same?utm_source=feed#top` }]) });
    await advance(store, "61s");
    for (const id of [one, two]) await check(id);
    expect([await articles(one), await articles(two)].flat()).toHaveLength(1);
  });

  test("that is edited is read again and gets a new version; told again as it was, nothing happens", async () => {
    site.set("/edit", { body: feed([]) });
    const id = await source("/edit");
    await check(id);
    const tell = async (body: string) => {
      site.set("/edit", { body: feed([{ guid: "e-1", title: "The bridge", body }]) });
      await advance(store, "61s");
      await check(id);
      await readAll();
    };
    await tell(story);
    await tell(story);
    expect(await articles(id)).toMatchObject([{ state: "ready", version: 1 }]);
    await tell(story.replace("Monday", "Sunday"));
    expect(await articles(id)).toMatchObject([{ state: "ready", version: 2 }]);
    const { rows } = await store.query("select kind, version from slugline.article_change where article_id = $1", [
      (await articles(id))[0]!.id,
    ]);
    expect(rows).toEqual([{ kind: "edited", version: 2 }]);
  });

  test("whose feed carries only a teaser is read from its page, and a page that fails is asked again", async () => {
    site.set("/teaser", { body: feed([]) });
    const id = await source("/teaser");
    await check(id);
    site.set("/teaser", { body: feed([{ guid: "t-1", title: "The ferry", body: "The ferry sails again …" }]) });
    site.set("/t-1", { status: 500, headers: { "content-type": "text/html" }, body: "oops" });
    await advance(store, "61s");
    await check(id);
    await readAll();
    expect((await articles(id))[0]).toMatchObject({ state: "seen" });
    const paragraphs = story.split(". ").map((sentence) => `<p>${sentence}.</p>`);
    site.set("/t-1", {
      headers: { "content-type": "text/html" },
      body: `<html lang="en"><head><title>The ferry</title></head><body><article><h1>The ferry</h1>${paragraphs.join("")}<p>Reporting by: A. Person</p></article></body></html>`,
    });
    await advance(store, "10m");
    await readAll();
    const { rows } = await store.query<{ state: string; body: string[] }>(
      "select state, body from slugline.article where source_id = $1",
      [id],
    );
    expect(rows[0]!.state).toBe("ready");
    expect(rows[0]!.body.join(" ")).toContain("The old bridge opens on Monday");
    expect(rows[0]!.body.join(" ")).not.toContain("Reporting by");
  });
});

describe("a feed that shows too many new stories at once", () => {
  test("is held until a person says that they are news, or old", async () => {
    site.set("/flood", { body: feed(items(1, 2, "f")) });
    const id = await source("/flood");
    await check(id);
    site.set("/flood", { body: feed(items(100, 140, "f")) });
    await advance(store, "61s");
    await check(id);
    expect((await articles(id)).filter(({ state }) => state === "held")).toHaveLength(41);
    const person = newId();
    await store.query("insert into slugline.person (id, email, name) values ($1, 'r@example.org', 'Rosa')", [person]);
    expect(await releaseHeld(store, { sourceId: id, answer: "known", person })).toBe(41);
    expect((await articles(id)).every(({ state }) => state === "baseline")).toBe(true);
  });

  test("is not one that shows what a hook or another feed has told before, under whatever names", async () => {
    const path = (n: number) => `${server.url}/beside-${n}`;
    const named = (from: number, to: number, prefix: string) =>
      items(from, to, prefix).map((item, at) => ({ ...item, link: path(from + at) }));
    site.set("/beside-a", { body: feed([]) });
    site.set("/beside-b", { body: feed(named(1, 40, "b")) });
    const [first, second] = [await source("/beside-a"), await source("/beside-b")];
    await check(first);
    for (const last of [15, 30, 40]) {
      site.set("/beside-a", { body: feed(named(1, last, "a")) });
      await advance(store, "61s");
      await check(first);
    }
    await check(second);
    site.set("/beside-b", { body: feed(named(2, 41, "b")) });
    await advance(store, "61s");
    await check(second);
    expect(await articles(second)).toMatchObject([{ guid: "b-41", state: "seen" }]);
  });
});

describe("politeness", () => {
  test("validators go back byte for byte, and 304 costs nothing more", async () => {
    site.set("/polite", { headers: { etag: 'W/"a b"', "last-modified": "Mon, 02 Nov 2026 10:00:00 GMT" }, body: feed([]) });
    const id = await source("/polite");
    await check(id);
    await advance(store, "61s");
    await check(id);
    const [first, second] = server.requests.filter(({ url }) => url === "/polite");
    expect([first!.headers["if-none-match"], first!.headers["if-modified-since"]]).toEqual([undefined, undefined]);
    expect([second!.headers["if-none-match"], second!.headers["if-modified-since"]]).toEqual([
      'W/"a b"',
      "Mon, 02 Nov 2026 10:00:00 GMT",
    ]);
    expect([second!.headers["cookie"], second!.headers["referer"]]).toEqual([undefined, undefined]);
    expect(second!.headers["user-agent"]).toContain("Slugline");
  });

  test("nobody is asked before the time, however often the bell rings or the program restarts", async () => {
    site.set("/early", { body: feed([]) });
    const id = await source("/early");
    await Promise.all(Array.from({ length: 10 }, () => check(id)));
    await check(id);
    expect(server.requests.filter(({ url }) => url === "/early")).toHaveLength(1);
    expect(await dueSources(store, 1_000)).not.toContain(id);
  });

  test("a host is asked one thing at a time", async () => {
    const answered = Promise.withResolvers<void>();
    site.set("/h1", { body: feed([]), when: answered.promise });
    site.set("/h2", { body: feed([]) });
    const [one, two] = [await source("/h1"), await source("/h2")];
    const asked = () => server.requests.map(({ url }) => url).filter((url) => url === "/h1" || url === "/h2");
    const first = check(one);
    await until(async () => asked().length === 1);
    await check(two);
    expect(asked()).toEqual(["/h1"]);
    answered.resolve();
    await first;
    await check(two);
    expect(asked()).toEqual(["/h1", "/h2"]);
  });

  test.each([
    [404, {}, "There is no feed at this address (404)"],
    [403, { "cf-mitigated": "challenge" }, "Cloudflare"],
    [500, {}, "The site answered 500."],
  ])("an answer of %s is told in a sentence and asked again later", async (status, headers, sentence) => {
    site.set(`/bad-${status}`, { status, headers, body: "" });
    const id = await source(`/bad-${status}`);
    await check(id);
    const { rows } = await store.query<{ error: string; failures: number; state: string }>(
      "select error, failures, state from slugline.source where id = $1",
      [id],
    );
    expect(plain(rows[0]!.error)).toContain(sentence);
    expect(rows[0]).toMatchObject({ failures: 1, state: "active" });
    expect(await dueSources(store, 1_000)).not.toContain(id);
  });

  test("429 is believed: not asked again until Retry-After", async () => {
    site.set("/busy", { status: 429, headers: { "retry-after": "7200" }, body: "" });
    const id = await source("/busy");
    await check(id);
    await advance(store, "119m");
    expect(await dueSources(store, 1_000)).not.toContain(id);
    await advance(store, "2m");
    expect(await dueSources(store, 1_000)).toContain(id);
  });

  test("410 ends the watching and says so", async () => {
    site.set("/gone", { status: 410, body: "" });
    const id = await source("/gone");
    await check(id);
    expect((await store.query<{ state: string }>("select state from slugline.source where id = $1", [id])).rows[0]!.state).toBe(
      "gone",
    );
  });

  test("a page in place of a feed, an empty answer and a server that is away are told, and break nothing", async () => {
    site.set("/html", { headers: { "content-type": "text/html" }, body: "<!doctype html><html><title>Home</title></html>" });
    site.set("/empty", { body: "" });
    const [html, empty] = [await source("/html"), await source("/empty")];
    const away = await source("/away");
    await store.query("update slugline.source set url = 'http://10.0.0.1/feed' where id = $1", [away]);
    for (const id of [html, empty, away]) await check(id);
    const { rows } = await store.query<{ id: string; error: string }>(
      "select id, error from slugline.source where id = any($1)",
      [[html, empty, away]],
    );
    const errors = new Map(rows.map((row) => [row.id, row.error]));
    expect(errors.get(html)).toMatch(/page|HTML/i);
    expect(errors.get(empty)).toMatch(/empty/i);
    expect(errors.get(away)).toMatch(/may not be reached/);
  });
});
