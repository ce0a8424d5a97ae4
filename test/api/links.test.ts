import { describe, expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { retire } from "../../src/link/shorten.ts";
import { testStore } from "../support/store.ts";
import { opened } from "./seed.ts";

const store = await testStore();
const { ask, token, article } = await opened(store);
const cms = await token(["read", "links"], { role: "writer", name: "cms" });
const link = (body: unknown) => ask("POST", "/links", { token: cms, body });

test("a story's own links are listed by where they stand", async () => {
  const { url, id } = await article();
  const { code } = (await link({ url, placement: "newsletter" })).body;
  for (const query of ["placement=newsletter", `article=${id}`])
    expect((await ask("GET", `/links?${query}`, { token: cms })).body["items"]).toMatchObject([
      { code, placement: "newsletter" },
    ]);
  expect((await ask("GET", "/links?placement=other", { token: cms })).body["items"]).toEqual([]);
});

describe("the link of a story, asked for by a CMS", () => {
  test("is made once for each placement, live at once, and leads to the story", async () => {
    const { id, url } = await article();
    const made = await link({ url, placement: "story" });
    expect([made.status, made.headers.get("location")]).toEqual([201, `/api/v1/links/${made.body["code"]}`]);
    expect(made.body).toMatchObject({
      state: "live",
      target: url,
      article: id,
      placement: "story",
      clicks: 0,
      short: `https://go.example.org/${made.body["code"]}`,
    });
    const again = await link({ url: `${url}?utm_source=cms#top` });
    expect([again.status, again.body["code"]]).toEqual([200, made.body["code"]]);
    expect((await link({ url, placement: "print" })).body["code"]).not.toBe(made.body["code"]);
  });

  test("asked for twenty times at once is one", async () => {
    const { url } = await article();
    const came = await Promise.all(Array.from({ length: 20 }, () => link({ url })));
    expect(new Set(came.map(({ body }) => body["code"])).size).toBe(1);
    expect(came.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  test("may come before we know the story, on the site's own host, and becomes the story's when we do", async () => {
    const url = `https://example.org/early-${newId()}`;
    const early = await link({ url });
    expect(early.body).toMatchObject({ article: null, target: url, state: "live" });
    const { id } = await article("ready", url);
    const later = await link({ url });
    expect(later.body).toMatchObject({ code: early.body["code"], article: id });
  });

  test.each([
    ["a stranger's site", "https://evil.example/x", "stranger"],
    ["our own short host", "https://go.example.org/abc", "target"],
    ["this machine", "http://127.0.0.1/x", "target"],
    ["a script", "javascript:alert(1)", "target"],
    ["a name and a password", "https://a:b@example.org/x", "target"],
    ["a backslash", "https://example.org\\@evil.example/", "target"],
    ["a sibling of the site", "https://example.org.evil.example/x", "stranger"],
  ])("never leads to %s", async (_what, url, word) => {
    expect((await link({ url })).body).toMatchObject({
      status: 422,
      type: `urn:slugline:problem:url-${word}`,
      errors: [{ path: "url" }],
    });
  });

  test("may lead to a known story wherever it stands", async () => {
    const { id, url } = await article("ready", `https://partner.example/${newId()}`);
    expect((await link({ url })).body).toMatchObject({ article: id });
  });

  test("is not made for a withdrawn story, never given again once ended, and never a post's", async () => {
    const { url } = await article("removed");
    expect((await link({ url })).body).toMatchObject({ status: 422, type: "urn:slugline:problem:url-withdrawn" });
    const ended = await article();
    const made = await link({ url: ended.url });
    await retire(store, String(made.body["id"]), "a test", "wrong");
    expect((await link({ url: ended.url })).status).toBe(410);
    expect((await link({ url: ended.url, placement: `post:${newId()}` })).body).toMatchObject({
      status: 422,
      errors: [{ path: "placement" }],
    });
  });

  test("shows its clicks, people's apart from machines', and hour by hour", async () => {
    const { url } = await article();
    const { code } = (await link({ url })).body as { code: string };
    await store.query(
      `insert into slugline.click_hour select number, h::timestamptz, class, n from slugline.link, (values
         ('2026-01-01T10:00Z', 'click', 3), ('2026-01-01T10:00Z', 'bot', 5), ('2026-01-01T11:00Z', 'click', 4)) v (h, class, n) where code = $1`,
      [code],
    );
    expect((await ask("GET", `/links/${code}`, { token: cms })).body).toMatchObject({ clicks: 7, machines: 5 });
    expect((await ask("GET", `/links/${code}/hours`, { token: cms })).body["items"]).toEqual([
      { hour: "2026-01-01T11:00:00.000Z", clicks: 4, machines: 0 },
      { hour: "2026-01-01T10:00:00.000Z", clicks: 3, machines: 5 },
    ]);
  });
});
