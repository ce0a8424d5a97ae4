import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { createShipper } from "../../src/click/count.ts";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { movedTarget } from "../../src/link/link.ts";
import { makeLive, retire, shorten } from "../../src/link/shorten.ts";
import { retarget } from "../../src/link/store.ts";
import { createRedirect, type RedirectOptions } from "../../src/redirect/server.ts";
import { createStore } from "../../src/store/db.ts";
import { testStore, until } from "../support/store.ts";
import { ask } from "./ask.ts";

const store = await testStore();
const root = mkdtempSync(join(tmpdir(), "slugline-redirect-"));
const opened: { close(): Promise<void> }[] = [];
afterAll(async () => {
  await Promise.all(opened.map((it) => it.close()));
  rmSync(root, { recursive: true, force: true });
});

async function open(options: Partial<RedirectOptions> = {}) {
  const dataDir = options.dataDir ?? mkdtempSync(join(root, "data-"));
  const redirect = await createRedirect({
    store,
    connection: store.connection,
    dataDir,
    host: "127.0.0.1",
    port: 0,
    siteUrl: "https://example.org/",
    log: silentLog,
    clock: systemClock,
    ...options,
  });
  opened.push(redirect);
  return { redirect, url: redirect.url, dataDir };
}

let stories = 0;
async function link(state: "reserved" | "live" | "retired" = "live") {
  const target = `https://example.org/story-${(stories += 1)}?utm_source=mastodon`;
  const made = await shorten(store, { target, articleId: null, placement: "story" });
  if (state !== "reserved") await makeLive(store, made.id);
  if (state === "retired") await retire(store, made.id, "anna", "wrong story");
  return { ...made, target };
}

async function counted(redirect: { clicksFolder: string }, number: number) {
  await createShipper({ store, folder: redirect.clicksFolder, log: silentLog, clock: systemClock }).ship();
  const { rows } = await store.query<{ class: string; count: string }>(
    "select class, sum(count)::text as count from slugline.click_hour where link_number = $1 group by class",
    [number],
  );
  return Object.fromEntries(rows.map((row) => [row.class, Number(row.count)]));
}

/** A store that nobody answers for. */
function nowhere() {
  const connection = { host: "127.0.0.1", port: 9, user: "nobody", connectionTimeoutMillis: 500 };
  const pool = new pg.Pool(connection);
  pool.on("error", () => undefined);
  opened.push({ close: () => pool.end() });
  return { store: createStore(pool), connection };
}

const { redirect, url } = await open();

describe("a follower taps a short link", () => {
  test("and lands on the story, with nothing kept and nothing cached", async () => {
    const { code, target, number } = await link();
    const { status, headers, body } = await ask(url, `/${code}`);
    expect(status).toBe(302);
    expect(headers).toMatchObject({
      location: target,
      "cache-control": "no-store",
      "x-robots-tag": "noindex",
      "content-length": "0",
    });
    expect(headers).not.toHaveProperty("set-cookie");
    expect(headers).not.toHaveProperty("referrer-policy");
    expect(body).toBe("");
    expect(await counted(redirect, number)).toEqual({ click: 1 });
  });

  test.each(["/", ".", ",", ")", "?fbclid=x", "#a", "%E3%80%82", "%2F", "..."])(
    "also with %s stuck to its end, or in capitals",
    async (stuck) => {
      const { code, target } = await link();
      expect((await ask(url, `/${code}${stuck}`)).headers.location).toBe(target);
      expect((await ask(url, `/${code.toUpperCase()}${stuck}`)).headers.location).toBe(target);
    },
  );

  test("a HEAD is answered the same and never counted; bots, previews and prefetches are counted apart", async () => {
    const { code, target, number } = await link();
    const head = await ask(url, `/${code}`, { method: "HEAD" });
    expect([head.status, head.headers.location]).toEqual([302, target]);
    const preview = await ask(url, `/${code}`, {
      headers: { "User-Agent": "Mastodon/4.4.0 (http.rb/5.2.0; +https://m.example/) Bot" },
    });
    expect(preview.headers).toMatchObject({ location: target, "cache-control": "public, max-age=300", vary: "User-Agent" });
    await ask(url, `/${code}`, { headers: { "User-Agent": "curl/8.5.0" } });
    await ask(url, `/${code}`, { headers: { "Sec-Purpose": "prefetch" } });
    expect(await counted(redirect, number)).toEqual({ bot: 1, preview: 1, prefetch: 1 });
  });

  test("a link that is retired says 410, at once and for good", async () => {
    const { code, id } = await link();
    expect((await ask(url, `/${code}`)).status).toBe(302);
    await retire(store, id, "anna", "wrong story");
    await until(async () => (await ask(url, `/${code}`)).status === 410);
    expect((await ask(url, `/${code}+`)).status).toBe(410);
    const { code: retired } = await link("retired");
    await until(async () => (await ask(url, `/${retired}`)).status === 410);
  });

  test("a link whose story moved leads to its new address", async () => {
    const { code, id, target } = await link();
    await until(async () => (await ask(url, `/${code}`)).headers["location"] === target);
    const moved = movedTarget(target, "https://example.org/moved");
    await retarget(store, { id, target: moved, before: target });
    await until(async () => (await ask(url, `/${code}`)).headers["location"] === "https://example.org/moved?utm_source=mastodon");
  });

  test("a reserved link is a 404 like any other, and is there the moment it is live", async () => {
    const { code, id, target } = await link("reserved");
    const missing = await ask(url, "/zzzzzzzz");
    const reserved = await ask(url, `/${code}`);
    expect([reserved.status, reserved.body]).toEqual([404, missing.body]);
    expect((await ask(url, `/${code}+`)).status).toBe(404);
    await makeLive(store, id);
    const live = await until(async () => {
      const answer = await ask(url, `/${code}`);
      return answer.status === 302 && answer;
    });
    expect(live.headers.location).toBe(target);
  });

  test("a plus shows where it leads, and counts nothing", async () => {
    const { code, target, number } = await link();
    const { status, body, headers } = await ask(url, `/${code}+`);
    expect(status).toBe(200);
    expect(body).toContain(target);
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(await counted(redirect, number)).toEqual({});
  });

  test("a full disk loses the count, not the reader", async () => {
    const full = () => {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    };
    const it = await open({ write: full });
    const { code } = await link();
    expect((await ask(it.url, `/${code}`)).status).toBe(302);
    expect(it.redirect.counts()).toMatchObject({ written: 0, lost: 1 });
  });
});

describe("everything else at the door", () => {
  test("home, robots, other methods, nonsense", async () => {
    expect((await ask(url, "/")).headers.location).toBe("https://example.org/");
    expect((await ask(url, "/robots.txt")).body).toBe("User-agent: *\nAllow: /\n");
    expect((await ask(url, "/favicon.ico")).status).toBe(404);
    const post = await ask(url, "/abcd2345", { method: "POST" });
    expect([post.status, post.headers.allow]).toEqual([405, "GET, HEAD"]);
    for (const path of ["/%ff", "/<script>", "/a/b/c", "/__proto__", "/constructor", "/../etc/passwd", `/${"a".repeat(5_000)}`]) {
      const { status, body } = await ask(url, path);
      expect([path, status]).toEqual([path, 404]);
      expect(body).not.toContain("script>");
    }
  });

  test("who guesses codes is stopped; known links are never limited; what a stranger says of its address is not believed", async () => {
    const { code } = await link();
    const it = await open();
    const guess = (at: number, from: string) => ask(it.url, `/guess${at}`, { headers: { "X-Forwarded-For": from } });
    for (let at = 0; at < 30; at += 1) expect((await guess(at, `203.0.113.${at}`)).status).toBe(404);
    const limited = await guess(31, "203.0.113.99");
    expect([limited.status, limited.headers["retry-after"]]).toEqual([429, "60"]);
    for (let at = 0; at < 50; at += 1) expect((await ask(it.url, `/${code}`)).status).toBe(302);
  });

  test("behind a trusted proxy each reader has a budget of its own, an IPv6 household one together", async () => {
    const it = await open({ trustProxy: ["127.0.0.0/8"] });
    const guess = (at: number, from: string) => ask(it.url, `/guess${at}`, { headers: { "X-Forwarded-For": from } });
    for (let at = 0; at < 30; at += 1) await guess(at, `198.51.100.1, 2001:db8::${at.toString(16)}`);
    expect((await guess(30, "2001:db8::ffff")).status).toBe(429);
    expect((await guess(31, "2001:db8:0:1::1")).status).toBe(404);
    expect((await guess(32, "198.51.100.1")).status).toBe(404);
  });

  test("a port in use is said in a sentence", async () => {
    const taken = Number(new URL(url).port);
    await expect(open({ port: taken })).rejects.toMatchObject({
      code: "PORT_IN_USE",
      message: expect.stringContaining(String(taken)),
    });
  });
});

describe("without the store", () => {
  test("a redirect starts from its snapshot, leads on, and says of the unknown that it cannot know", async () => {
    const first = await open();
    const { code, target } = await link();
    const { code: ended } = await link("retired");
    await until(async () => (await ask(first.url, `/${code}`)).status === 302 && first.redirect.complete());
    const kept = new RegExp(`${ended} \\d+ retired`);
    await until(async () => kept.test(readFileSync(join(first.dataDir, "links.snapshot"), "utf8")));
    // As after a kill: the first one is not closed, and the file's end is torn.
    const torn = mkdtempSync(join(root, "data-"));
    const bytes = readFileSync(join(first.dataDir, "links.snapshot"), "utf8");
    writeFileSync(join(torn, "links.snapshot"), `${bytes}deadbeef abcd2345 1 live https://evil.exa`);
    const again = await open({ ...nowhere(), dataDir: torn });
    expect((await ask(again.url, `/${code}`)).headers.location).toBe(target);
    expect((await ask(again.url, `/${ended}`)).status).toBe(410);
    const unknown = await ask(again.url, "/abcd2345");
    expect([unknown.status, unknown.headers["retry-after"]]).toEqual([503, "5"]);
    expect(again.redirect.counts().written).toBe(1);
  });

  test("what is rung while nobody listened is found when the connection is back", async () => {
    const it = await open();
    await until(async () => it.redirect.complete());
    const { code, target } = await link();
    await until(async () => (await ask(it.url, `/${code}`)).status === 302);
    await store.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'slugline listen%' and datname = current_database()",
    );
    const { code: missed, id } = await link("reserved");
    expect((await ask(it.url, `/${missed}`)).status).toBe(404);
    await makeLive(store, id);
    await until(async () => (await ask(it.url, `/${missed}`)).status === 302);
    expect((await ask(it.url, `/${code}`)).headers.location).toBe(target);
  });
});
