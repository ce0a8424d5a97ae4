import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decode } from "../../src/article/decode.ts";
import { readFeed, type Feed } from "../../src/article/feed.ts";

const ADDRESS = "https://example.org/news/feed.xml";
const read = (text: string): Feed => {
  const feed = readFeed(text, ADDRESS);
  if (!feed.ok) throw new Error(feed.why);
  return feed;
};
const rss = (items: string, channel = "") =>
  `<?xml version="1.0"?><rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Khabur Wire</title><link>https://example.org/</link><description>d</description>${channel}${items}</channel></rss>`;

describe("a feed in any of its formats tells the same story", () => {
  const story = {
    guid: "tag:1",
    url: "https://example.org/news/canal",
    title: "Canal & bridge",
    published: "2026-11-03T10:00:00.000Z",
  };
  test.each([
    [
      "RSS 2.0",
      rss(
        `<item><guid isPermaLink="false">tag:1</guid><link>canal?utm_source=feed</link><title>Canal &amp;amp; bridge</title><pubDate>Tue, 03 Nov 2026 10:00:00 GMT</pubDate></item>`,
      ),
    ],
    [
      "Atom",
      `<feed xmlns="http://www.w3.org/2005/Atom"><title>Khabur Wire</title><id>f</id><updated>2026-11-03T10:00:00Z</updated><entry><id>tag:1</id><title type="html">Canal &amp;amp; bridge</title><link href="/news/canal#c"/><published>2026-11-03T10:00:00Z</published><updated>2026-11-03T10:00:00Z</updated></entry></feed>`,
    ],
    [
      "RSS 1.0",
      `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="c"><title>Khabur Wire</title><link>https://example.org/</link><description>d</description></channel><item rdf:about="tag:1"><title>Canal &amp; bridge</title><link>https://example.org/news/canal</link><dc:date>2026-11-03T10:00:00Z</dc:date></item></rdf:RDF>`,
    ],
    [
      "JSON Feed",
      JSON.stringify({
        version: "https://jsonfeed.org/version/1.1",
        title: "Khabur Wire",
        items: [
          { id: "tag:1", url: "canal", title: "Canal & bridge", date_published: "2026-11-03T11:00:00+01:00", content_text: "x" },
        ],
      }),
    ],
    [
      "RSS that is not well-formed",
      `<rss><channel><title>Khabur Wire</title><item><guid isPermaLink=false>tag:1</guid><title>Canal &amp; bridge</title><link>https://example.org/news/canal</link><pubDate>3 Nov 2026 10:00 GMT</pubDate><b></item>`,
    ],
  ])("%s", (_format, text) => {
    const feed = read(text);
    expect(feed.title).toBe("Khabur Wire");
    expect(feed.items[0]).toMatchObject(story);
  });
});

test("a feed tells how often to come, where its hubs are, and its language", () => {
  const feed = read(
    rss(
      `<item><title>A</title><link>/a</link></item>`,
      `<ttl>30</ttl><language>ckb</language><atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="${ADDRESS}"/><sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>`,
    ),
  );
  expect(feed).toMatchObject({ everyS: 21_600, lang: "ckb", hubs: ["https://hub.example/"], self: ADDRESS });
});

test("what is no feed is said in a sentence, and never thrown", () => {
  expect(readFeed("", ADDRESS)).toMatchObject({ ok: false, code: "FEED_EMPTY" });
  expect(
    readFeed("<!doctype html><html><head><link rel=alternate type=application/rss+xml href=/real.xml>", ADDRESS),
  ).toMatchObject({ ok: false, code: "FEED_IS_HTML", why: expect.stringContaining("/real.xml") });
  for (const text of ["hello", "{}", "[1", "\0\0", "<x/>", "null"]) expect(readFeed(text, ADDRESS).ok, text).toBe(false);
});

test("a hostile feed is read within bounds: entities, nesting, prototypes, too many items, addresses that are none", () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 20 }, (_, i) => `<!ENTITY a${i} "${`&a${i === 0 ? "" : i - 1};`.repeat(10)}">`).join("")}]><rss><channel><item><title>&a19;</title><link>https://example.org/a</link></item></channel></rss>`;
  // An entity that were expanded would not end within the test's own limit.
  for (const text of [
    bomb,
    `<rss><channel>${"<a>".repeat(100_000)}`,
    rss("<item><__proto__><x>1</x></__proto__><title>A</title><link>/a</link></item>"),
    `<rss><channel>${"<item>".repeat(20_000)}`,
  ]) {
    const feed = readFeed(text, ADDRESS);
    expect(JSON.stringify(feed).length).toBeLessThan(2_000_000);
  }
  expect(({} as { x?: string }).x).toBeUndefined();
  expect(read(rss("<item><title>A</title><link>/a</link></item>".repeat(505))).items).toHaveLength(500);
  expect(read(rss("<item><title>A</title><link>javascript:alert(1)</link></item>")).items[0]!.url).toBeNull();
});

const corpus = `${process.env["TEST_DATA"] ?? ""}/feedvalidator-testcases`;
test.skipIf(!existsSync(corpus))(
  "no file of a validator's test cases makes it throw, and nearly all with items give them (needs TEST_DATA)",
  () => {
    let withItems = 0;
    const missed: string[] = [];
    const all = globSync(`${corpus}/{atom,rss,rss11,rss20,ext,xml}/**/*.xml`).toSorted();
    for (const file of all.filter((_, at) => process.env.FULL || at % 8 === 0)) {
      const text = decode(readFileSync(file), null);
      const feed = readFeed(text, ADDRESS);
      if (!/<(?:\w+:)?(?:item|entry)[\s>]/.test(text.replace(/<!--[^]*?-->/g, ""))) continue;
      withItems++;
      if (!feed.ok || feed.items.length === 0) missed.push(file.slice(corpus.length));
    }
    console.log(`feedvalidator: items read from ${withItems - missed.length} of ${withItems} files`);
    expect(missed.length, missed.slice(0, 20).join("\n")).toBeLessThan(withItems * 0.02);
  },
);
