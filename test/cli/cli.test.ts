import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../src/cli.ts";
import { version } from "../../src/lib/version.ts";
import { emptyStore, testStore } from "../support/store.ts";

const store = await testStore();
const KEY = Buffer.alloc(32, 7).toString("base64");
const SITE = "site: { name: Daily, url: https://example.org, languages: [en], timeZone: UTC }";
const STORY = `<!doctype html><html lang="en"><head><title>River rises</title></head><body><article><h1>River rises</h1>${"<p>The river rose by two metres on Tuesday, the water office said, and two bridges were closed to traffic until the evening.</p>".repeat(4)}</article></body></html>`;
const FEED = `<?xml version="1.0"?><rss version="2.0"><channel><title>Daily</title><link>https://example.org</link><item><guid>1</guid><title>River rises</title><link>https://example.org/1</link><description>The river rose by two metres on Tuesday, the water office said.</description></item></channel></rss>`;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "slugline cli "))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Types a command and reads what it says. */
async function type(argv: string[], env: Record<string, string> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(argv, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    env: { DATABASE_URL: store.databaseUrl, SLUGLINE_KEY: KEY, ...env },
    folder,
  });
  return { code, out: out.join("\n"), err: err.join("\n"), lines: out };
}

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

describe("the command line", () => {
  test("helps, and says its version", async () => {
    expect(await type(["--version"])).toMatchObject({ code: 0, out: version });
    expect((await type(["help"])).out).toMatch(/inspect/);
    expect(await type(["apply", "--help"])).toMatchObject({ code: 0, out: expect.stringContaining("<newsroom.yaml>") });
  });

  test("wrong usage ends with 2 and says what would be right", async () => {
    expect(await type(["aply", "x"])).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean "apply"') });
    expect(await type(["apply"])).toMatchObject({ code: 2, err: expect.stringContaining("<newsroom.yaml>") });
    expect(await type(["check", "--jsn"])).toMatchObject({ code: 2, err: expect.stringContaining("--json") });
    expect(await type(["start", "--role", "edtor"])).toMatchObject({ code: 2, err: expect.stringContaining('"editor"') });
    expect(await type(["user", "add", "nobody"])).toMatchObject({ code: 2, err: expect.stringContaining("e-mail") });
  });

  test("a fault ends with 1 and a sentence, and no stack", async () => {
    const { code, err } = await type(["check"], { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" });
    expect(code).toBe(1);
    expect(err).toMatch(/cannot be reached.*DATABASE_URL/);
    expect(err).not.toMatch(/\n\s+at /);
  });

  test("every fault of the configuration is told by whatever needs it", async () => {
    write(
      "bad.yaml",
      `${SITE}\naccounts:\n  - { name: a, network: mastodn }\n  - { name: a, network: rehearsal, voice: loud }\n`,
    );
    const { code, err } = await type(["apply", "bad.yaml"]);
    expect(code).toBe(1);
    expect(err).toMatch(/bad\.yaml:3 accounts\[0\]\.network/);
    expect(err).toMatch(/bad\.yaml:4 accounts\[1\]\.voice/);
  });
});

describe("the store by hand", () => {
  test("an empty one is told to be migrated, and then is up to date", async () => {
    const empty = await emptyStore();
    const there = { DATABASE_URL: empty.databaseUrl };
    expect(await type(["check"], there)).toMatchObject({ code: 1, out: expect.stringContaining("slugline migrate") });
    expect((await type(["migrate"], there)).code).toBe(0);
    expect((await type(["check"], there)).code).toBe(0);
  });

  test("a file is applied, and what left it is named", async () => {
    write("one.yaml", `${SITE}\naccounts: [{ name: desk, network: rehearsal }]`);
    write("two.yaml", SITE);
    expect(JSON.parse((await type(["apply", "one.yaml", "--json"])).out)).toMatchObject({ accounts: 1, disabled: [] });
    expect(await type(["apply", "two.yaml"])).toMatchObject({ code: 0, out: expect.stringContaining("desk") });
  });

  test("a person is added with a link that signs them in", async () => {
    const { code, out } = await type(["user", "add", "ada@example.org", "--role", "admin", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      email: "ada@example.org",
      role: "admin",
      link: expect.stringMatching(/^http:\/\/localhost:3000\/sign-in\/[\w-]{43}$/),
    });
  });

  test("the stop switch is an alarm until it is taken back", async () => {
    await type(["pause", "a mistake in the feed"]);
    const stopped = await type(["check", "--json"]);
    expect(stopped.code).toBe(1);
    expect(JSON.parse(stopped.out)).toMatchObject({
      ok: false,
      troubles: [{ code: "paused", severity: "alarm", args: { why: "a mistake in the feed" } }],
    });
    await type(["resume"]);
    expect((await type(["check"])).code).toBe(0);
  });
});

describe("reading without a store", () => {
  const away = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };

  test("inspect shows a page as an article, with null for what is not known", async () => {
    write("story.html", STORY);
    const { code, out } = await type(["inspect", "story.html", "--json"], away);
    expect(code).toBe(0);
    const article = JSON.parse(out) as Record<string, unknown>;
    expect(Object.keys(article)).toEqual([
      "kind",
      "url",
      "canonical",
      "title",
      "summary",
      "body",
      "lang",
      "dir",
      "image",
      "authors",
      "tags",
      "published",
      "updated",
      "paywalled",
      "why",
    ]);
    expect(article).toMatchObject({
      kind: "article",
      url: null,
      title: "River rises",
      lang: "en",
      dir: "ltr",
      image: null,
      published: null,
    });
  });

  test("inspect shows a feed with its items", async () => {
    write("feed.xml", FEED);
    expect(JSON.parse((await type(["inspect", "feed.xml", "--json"], away)).out)).toMatchObject({
      kind: "feed",
      title: "Daily",
      items: [{ guid: "1", url: "https://example.org/1", title: "River rises", published: null }],
    });
  });

  test("preview writes a post within the network's limit, its link whole", async () => {
    write("story.html", STORY);
    const { posts } = JSON.parse((await type(["preview", "story.html", "--network", "mastodon", "--json"], away)).out) as {
      posts: Record<string, unknown>[];
    };
    expect(posts).toHaveLength(1);
    const post = posts[0] as { text: string; length: number; limit: number; link: string };
    expect(post).toMatchObject({
      network: "mastodon",
      account: null,
      unit: "grapheme",
      lang: "en",
      dir: "ltr",
      card: { title: "River rises" },
    });
    expect(post.length).toBeLessThanOrEqual(post.limit);
    expect(post.text).toContain(post.link);
  });

  test("of a folder one line per input; one that cannot be read does not stop the others, and ends with 1", async () => {
    mkdirSync(join(folder, "in"));
    write("in/a.xml", "<?xml version='1.0'?><html><body>not a feed</body></html>");
    write("in/b.html", STORY);
    const { code, lines } = await type(["inspect", "in", "--json"], away);
    expect(code).toBe(1);
    const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({ input: "in/a.xml", error: { code: expect.any(String), message: expect.any(String) } });
    expect(second).toMatchObject({ input: "in/b.html", kind: "article" });
  });
});
