import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { lengthOf } from "../../src/lib/text/count.ts";
import type { Limits } from "../../src/lib/text/limits.ts";
import { topLevelDomains } from "../../src/lib/text/tlds.ts";
import { testStore } from "../support/store.ts";
import { posted, seeded } from "./seed.ts";

const WAITING = 230;

const store = await testStore();
const { editor, person, waiting } = await seeded(store);
let cookie = "";
const posts: string[] = [];

beforeAll(async () => {
  ({ cookie } = await person("Rosa", "editor"));
  for (let n = 0; n < WAITING; n += 1) posts.push((await waiting({ title: `Story ${n}` })).post);
});

const request = (path: string, headers: Record<string, string> = {}) => editor.request(path, { headers: { cookie, ...headers } });
const page = async (path: string, headers: Record<string, string> = {}) => (await request(path, headers)).text();
const rowsIn = (html: string) => [...html.matchAll(/data-row="([^"]+)"/g)].map((match) => match[1]!);
const wayIn = (html: string, rel: "prev" | "next") => new RegExp(`rel="${rel}" href="([^"]+)"`).exec(html)?.[1];

describe("a long queue", () => {
  test("from the first page on, every post that waits is reached by plain links, in order, and back again", async () => {
    const reached: string[] = [];
    let path: string | undefined = "/";
    let last = path;
    for (; path !== undefined; path = wayIn(await page(path), "next")) {
      for (const row of rowsIn(await page(path))) if (!reached.includes(row)) reached.push(row);
      last = path;
    }
    expect(reached).toEqual(posts);
    const back: string[] = [];
    for (path = last; path !== undefined; path = wayIn(await page(path), "prev")) back.push(...rowsIn(await page(path)));
    expect(new Set(back)).toEqual(new Set(posts));
  });

  test("a post opened by its link stands among its neighbours; one that waits no more stands where it would", async () => {
    const far = posts[150]!;
    const html = await page(`/?post=${far}`);
    expect(rowsIn(html)).toContain(far);
    expect(html).toContain(`data-card="${far}"`);
    expect(html).toMatch(/Show \d+ before these/);
    const gone = posts[120]!;
    await editor.request(`/posts/${gone}/rejection`, posted({ revision: "1" }, cookie));
    const after = await page(`/?post=${gone}`);
    expect(after).toContain(`data-card="${gone}"`);
    const at = Number(/data-at="(\d+)"/.exec(after)![1]);
    expect(rowsIn(after)[at]).toBe(posts[121]);
  });

  test("where htmx asks for the desk, a decision answers with the next card at once, and with no more than changes", async () => {
    const [first, second] = [posts[0]!, posts[1]!];
    const form = posted({ revision: "1" }, cookie);
    const answer = await editor.request(`/posts/${first}/approval`, {
      ...form,
      headers: { ...(form.headers as Record<string, string>), "hx-request": "true", "hx-target": "section#desk" },
    });
    const html = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("slugline-decided")).toBe(first);
    expect(answer.headers.get("hx-replace-url")).toBe(`/?post=${second}`);
    expect(html).toContain(`data-card="${second}"`);
    expect(html).toContain("Approved. It goes out");
    expect(rowsIn(html)).toEqual([]);
  });
});

describe("what is compressed", () => {
  const ours = { "sec-fetch-site": "same-origin", "accept-encoding": "gzip, deflate" };

  test("a page of the desk, for a browser that takes it and comes from our own pages", async () => {
    const packed = await request("/", ours);
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(packed.headers.get("vary")).toContain("Accept-Encoding");
    expect(gunzipSync(Buffer.from(await packed.arrayBuffer())).toString()).toContain("</html>");
  });

  test.each([
    ["/", { ...ours, "sec-fetch-site": "cross-site" }, "another site made the browser ask"],
    ["/", { "accept-encoding": "gzip" }, "the browser does not tell who asks"],
    ["/", { ...ours, "accept-encoding": "gzip;q=0" }, "the browser does not take it"],
    ["/me", ours, "a page where secrets are shown"],
    ["/people", ours, "a page where sign-in links are shown"],
    ["/live", ours, "the live stream"],
  ])("not %s with %j: %s", async (path, headers, _why) => {
    const plain = await request(path, headers);
    expect(plain.headers.get("content-encoding")).toBeNull();
    await plain.body?.cancel();
  });
});

describe("the scripts", () => {
  const folder = async () => /src="(\/assets\/[^/]+)\/editor\.js"/.exec(await page("/"))![1]!;

  test.each([
    ["br", brotliDecompressSync],
    ["gzip", gunzipSync],
  ] as const)("come compressed as %s, and are the same", async (packing, unpack) => {
    const path = `${await folder()}/editor.js`;
    const packed = await request(path, { "accept-encoding": packing });
    expect(packed.headers.get("content-encoding")).toBe(packing);
    expect(unpack(Buffer.from(await packed.arrayBuffer())).toString()).toBe(await page(path));
  });

  test("all that are ever loaded are under 30 kB", async () => {
    const root = await folder();
    let sum = 0;
    for (const name of ["htmx", "editor", ...LIBRARY.map((one) => `lib/${one}`)])
      sum += (await (await request(`${root}/${name}.js`, { "accept-encoding": "gzip" })).arrayBuffer()).byteLength;
    expect(sum).toBeLessThan(30_000);
  });

  test("without comments and indentation they count as the server does", async () => {
    const root = await folder();
    const place = await mkdtemp(join(tmpdir(), "slugline scripts "));
    try {
      for (const name of LIBRARY) {
        await mkdir(dirname(join(place, `${name}.js`)), { recursive: true });
        await writeFile(join(place, `${name}.js`), await page(`${root}/lib/${name}.js`));
      }
      await writeFile(join(place, "package.json"), '{ "type": "module" }');
      const load = (name: string) => import(/* @vite-ignore */ pathToFileURL(join(place, `${name}.js`)).href);
      const theirs = (await load("text/count")) as { lengthOf: typeof lengthOf };
      const domains = (await load("text/tlds")) as { topLevelDomains: typeof topLevelDomains };
      expect(domains.topLevelDomains().split("|").toSorted()).toEqual(topLevelDomains().split("|").toSorted());
      for (const text of TEXTS)
        for (const limits of LIMITS) expect(theirs.lengthOf(text, limits), text).toBe(lengthOf(text, limits));
    } finally {
      await rm(place, { recursive: true });
    }
  });
});

const LIBRARY = ["text/count", "text/emoji", "text/links", "text/punycode", "text/tlds"];
const LIMITS: readonly Limits[] = [
  { max: 500, unit: "grapheme", perLink: 23, shortMentions: true },
  { max: 280, unit: "weighted", perLink: 23 },
  { max: 4096, unit: "utf16", perLink: null },
];
const TEXTS = [
  "Old bridge opens https://example.org/a_(b)?c=d#e again, see example.museum and bücher.example.한국.",
  "افتتاح الجسر القديم https://go.example.org/23456789 ‏#أخبار @someone@mastodon.example",
  "👩‍👩‍👧‍👦🏳️‍🌈🇨🇶 क्षि नमस्ते 字 // no comment /* nor this */\n  // nor this line",
  "http://localhost:3000/x name.notadomain name.co.uk/path. t.co/abc https://t.co/abcdef?x",
];
