import { afterAll, describe, expect, test } from "vitest";
import { dueSources } from "../../src/article/store.ts";
import { plain } from "../../src/lib/say.ts";
import { openFeeds } from "../support/feeds.ts";
import { assertSayable } from "../support/sayable.ts";
import { advance, until } from "../support/store.ts";

const feeds = await openFeeds();
const { store, server, site, feed, source, check } = feeds;
afterAll(async () => {
  await everyReasonIsSayable();
  await feeds[Symbol.asyncDispose]();
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

  test("a feed none of whose items has an address is told, and read again when it has", async () => {
    const bare = feed([{ guid: "n-1", title: "A story" }]).replace(/<item>.*?<\/link>/, "<item>");
    site.set("/bare", { body: bare });
    const id = await source("/bare");
    await check(id);
    const { rows } = await store.query("select error, failures from slugline.source where id = $1", [id]);
    expect(rows).toEqual([{ error: "No item of the feed has an address.", failures: 1 }]);
    site.set("/bare", { body: feed([{ guid: "n-1", title: "A story" }]) });
    await advance(store, "10m");
    await check(id);
    expect((await store.query("select error from slugline.source where id = $1", [id])).rows).toEqual([{ error: null }]);
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
