import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { parseFeed } from "feedsmith";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseNewsroom } from "../../src/config/newsroom.ts";
import { silentLog } from "../../src/lib/log.ts";
import type { Clock } from "../../src/lib/time.ts";
import { rehearsalNewsroom } from "../../src/rehearsal/newsroom.ts";
import { startSite, type Site } from "../../src/rehearsal/site.ts";
import { loadStock } from "../../src/rehearsal/stock.ts";
import { edition, LANGUAGES } from "../../src/rehearsal/story.ts";
import { WORDS } from "../../src/rehearsal/words.ts";

/** A clock that stands until a test lets a minute pass. */
function standingClock() {
  let time = Date.parse("2026-11-24T09:00:00Z");
  let wake: (() => void) | undefined;
  const clock: Clock = {
    now: () => time,
    monotonic: () => time,
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        wake = resolve;
        signal?.addEventListener("abort", () => resolve(), { once: true });
      }),
  };
  const minute = async () => {
    time += 60_000;
    const woken = wake;
    woken?.();
    // The next story is out, and its list kept, when the site sleeps again.
    while (wake === woken) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { clock, minute };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slugline-rehearsal-"));
});
afterAll(() => rm(folder, { recursive: true }));

const open = (name: string, clock: Clock, port = 0) =>
  startSite({ port, host: "127.0.0.1", clock, publishEveryMs: 60_000, log: silentLog, stateFile: join(folder, name) });

async function feedOf(site: Site) {
  const parsed = parseFeed(await (await fetch(`${site.url}/feed.xml`)).text());
  if (parsed.format !== "rss") throw new Error(`the feed is ${parsed.format}`);
  return parsed.feed;
}
const guidsOf = async (site: Site) => (await feedOf(site)).items?.map((item) => item.guid?.value) ?? [];

describe("the rehearsal site's feed", () => {
  test("opens with eight stories of the last hours, in every language, each with what an agency's feed has", async () => {
    const { clock } = standingClock();
    await using site = await open("opening", clock);
    const { items = [], title } = await feedOf(site);
    expect(title).toBe("The Daily Rehearsal");
    expect(items).toHaveLength(8);
    expect(new Set(items.map((item) => item.dc?.languages?.[0]))).toEqual(new Set(LANGUAGES));
    for (const item of items) {
      expect(item.link).toMatch(new RegExp(`^${site.url}/(en|ar|ckb|de|ja)/[a-z0-9-]+$`));
      expect(item.guid).toMatchObject({ isPermaLink: false, value: expect.stringContaining("tag:") });
      expect(item.dc?.creators?.[0]).toBeTruthy();
      expect(item.categories?.length).toBeGreaterThan(0);
      expect(item.description).toBeTruthy();
      expect(item.media?.contents?.[0]).toMatchObject({ type: "image/png", description: { value: expect.any(String) } });
      const age = clock.now() - Date.parse(String(item.pubDate));
      expect(age).toBeGreaterThan(0);
      expect(age).toBeLessThan(6 * 3_600_000);
    }
    const whole = items.filter((item) => item.content?.encoded !== undefined);
    expect(whole.length).toBeGreaterThan(0);
    expect(whole.length).toBeLessThan(items.length);
  });

  test("answers 304 to who has it, by ETag or by date, and anew once there is a new story", async () => {
    const { clock, minute } = standingClock();
    await using site = await open("conditional", clock);
    const ask = (headers: Record<string, string>) => fetch(`${site.url}/feed.xml`, { headers });
    const first = await ask({});
    const etag = first.headers.get("etag") ?? "";
    const modified = first.headers.get("last-modified") ?? "";
    expect((await ask({ "if-none-match": etag })).status).toBe(304);
    expect((await ask({ "if-none-match": `"other", W/${etag}` })).status).toBe(304);
    expect((await ask({ "if-modified-since": modified })).status).toBe(304);
    expect((await ask({ "if-none-match": '"other"', "if-modified-since": modified })).status).toBe(200);
    await minute();
    expect((await ask({ "if-none-match": etag, "if-modified-since": modified })).status).toBe(200);
    expect((await ask({ "if-modified-since": modified })).status).toBe(200);
  });

  test("gets a new story every minute, never the same text twice, also when the stock is used up", async () => {
    const { clock, minute } = standingClock();
    await using site = await open("minutes", clock);
    const seen = new Map<string, string>();
    const rounds = 2 * (await loadStock()).length;
    for (let round = 0; round < rounds; round += 1) {
      for (const item of (await feedOf(site)).items ?? [])
        seen.set(String(item.guid?.value), `${item.title} ${item.description}`);
      await minute();
    }
    expect(seen.size).toBe(8 + rounds - 1);
    expect(new Set(seen.values()).size).toBe(seen.size);
  });
});

describe("a restart", () => {
  test("keeps every guid, address and time, and goes on with the next story", async () => {
    const { clock, minute } = standingClock();
    const first = await open("restart", clock);
    await minute();
    await minute();
    const before = await (await fetch(`${first.url}/feed.xml`)).text();
    const guids = await guidsOf(first);
    await first.close();

    await using second = await open("restart", clock);
    expect(second.url).toBe(first.url);
    expect(await (await fetch(`${second.url}/feed.xml`)).text()).toBe(before);
    await minute();
    const after = await guidsOf(second);
    expect(after.slice(1)).toEqual(guids);
    expect(guids).not.toContain(after[0]);
  });

  test("finds another port when its own is taken, and says so in a sentence when one was asked for", async () => {
    const { clock } = standingClock();
    const first = await open("moved", clock);
    await first.close();
    const port = Number(new URL(first.url).port);
    const squatter = createServer().listen(port, "127.0.0.1");
    await once(squatter, "listening");
    try {
      expect((squatter.address() as AddressInfo).port).toBe(port);
      await expect(open("moved", clock, port)).rejects.toThrow(`port ${port} is in use`);
      await using second = await open("moved", clock);
      expect(second.url).not.toBe(first.url);
    } finally {
      squatter.close();
    }
  });

  test("opens anew when its list cannot be read", async () => {
    const { clock } = standingClock();
    await (await open("torn", clock)).close();
    await writeFile(join(folder, "torn"), '{"port": 1');
    await using site = await open("torn", clock);
    expect(await guidsOf(site)).toHaveLength(8);
    expect(JSON.parse(await readFile(join(folder, "torn"), "utf8"))).toMatchObject({ port: expect.any(Number) });
  });
});

describe("its pages", () => {
  let site: Site;
  beforeAll(async () => {
    const { clock, minute } = standingClock();
    site = await open("pages", clock);
    for (let round = 8; round < (await loadStock()).length; round += 1) await minute();
  });
  afterAll(() => site.close());

  test("every story stands in the mess of a real agency's page, in its language and direction", async () => {
    const stock = await loadStock();
    for (const story of stock) {
      const { path } = edition(story, 1, 0);
      const response = await fetch(site.url + path);
      expect(response.status, path).toBe(200);
      const { document } = parseHTML(await response.text());
      const words = WORDS[story.lang];
      const text = document.querySelector("main")?.textContent ?? "";
      expect(document.documentElement.getAttribute("lang")).toBe(story.lang);
      expect(document.documentElement.getAttribute("dir")).toBe(["ar", "ckb"].includes(story.lang) ? "rtl" : "ltr");
      expect(document.querySelector("h1")?.textContent).toBe(story.title);
      for (const mess of [
        words.filePhoto,
        words.reportingBy,
        words.source,
        words.followUs,
        words.shortLink,
        words.comment[0],
        words.sum,
      ]) {
        expect(text, path).toContain(mess);
      }
      expect(text).toContain(`${story.dateline.toUpperCase()} – ${story.paragraphs[0]}`);
      for (const part of [
        ".site-header nav",
        ".byline-box",
        "figure figcaption",
        ".share-buttons",
        ".newsletter",
        ".related",
        "#respond form",
      ]) {
        expect(document.querySelector(part), `${part} of ${path}`).not.toBeNull();
      }
    }
  });

  test("the front page leads to every story", async () => {
    const { document } = parseHTML(await (await fetch(`${site.url}/`)).text());
    const linked = [...document.querySelectorAll("h2 a")].map((link) => link.getAttribute("href"));
    expect(linked.toSorted()).toEqual((await loadStock()).map((story) => edition(story, 1, 0).path).toSorted());
  });

  test("pictures are real PNG files, small, the same on every look and unlike each other", async () => {
    const bodies = new Set<string>();
    for (const story of await loadStock()) {
      const look = async () => Buffer.from(await (await fetch(`${site.url}/images/${story.id}.png`)).arrayBuffer());
      const picture = await look();
      expect(picture.equals(await look())).toBe(true);
      expect(picture.length).toBeLessThan(100_000);
      expect(pixelsOf(picture)).toEqual({ width: 960, height: 540, bytes: 540 * (1 + 960 * 3) });
      bodies.add(picture.toString("latin1"));
    }
    expect(bodies.size).toBe((await loadStock()).length);
  });

  test("what is not there is 404, what is not asked for politely is refused, robots are welcome", async () => {
    expect((await fetch(`${site.url}/en/no-such-story`)).status).toBe(404);
    expect((await fetch(`${site.url}//`)).status).toBe(404);
    expect((await fetch(`${site.url}/`, { method: "POST" })).status).toBe(405);
    expect(await (await fetch(`${site.url}/robots.txt`)).text()).toContain("User-agent: *");
    const head = await fetch(`${site.url}/feed.xml`, { method: "HEAD" });
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(1_000);
    expect(await head.text()).toBe("");
  });
});

describe("its newsroom", () => {
  test("is a configuration without a fault: two accounts in review, one in auto, all in rehearsal", async () => {
    const text = await rehearsalNewsroom("http://127.0.0.1:4321");
    const newsroom = parseNewsroom(text, "src/rehearsal/newsroom.yaml", () => undefined);
    expect(newsroom.sources).toMatchObject([
      { kind: "feed", url: "http://127.0.0.1:4321/feed.xml", intervalS: 15, postNewest: 6 },
    ]);
    expect(newsroom.outbound.allow).toEqual(["127.0.0.1:4321"]);
    expect(newsroom.accounts.map(({ mode }) => mode)).toEqual(["review", "review", "auto"]);
    expect(newsroom.accounts.every(({ rehearsal }) => rehearsal)).toBe(true);
    expect(newsroom.rules.flatMap(({ when }) => when.lang)).toEqual(expect.arrayContaining([...LANGUAGES]));
  });

  test("has five to nine paragraphs to each story, enough stories in each language, and an early one for the auto account", async () => {
    const stock = await loadStock();
    const count = (lang: string) => stock.filter((story) => story.lang === lang).length;
    expect(stock.every((story) => story.paragraphs.length >= 5 && story.paragraphs.length <= 9)).toBe(true);
    expect(LANGUAGES.map(count)).toEqual([6, 3, 3, 2, 2]);
    expect(stock.slice(2, 8).some((story) => story.lang === "en" && story.tags.includes("weather"))).toBe(true);
  });
});

/** Takes a PNG apart: its size, and how many bytes its pixels come to. */
function pixelsOf(png: Buffer): { width: number; height: number; bytes: number } {
  expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  const data: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") data.push(png.subarray(at + 8, at + 8 + length));
  }
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), bytes: inflateSync(Buffer.concat(data)).length };
}
