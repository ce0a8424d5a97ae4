import { afterAll, describe, expect, test } from "vitest";
import { releaseHeld } from "../../src/article/release.ts";
import { newId } from "../../src/lib/id.ts";
import { BODY, items, openFeeds } from "../support/feeds.ts";
import { advance } from "../support/store.ts";

const feeds = await openFeeds();
const { store, server, site, feed, source, check, articles, readAll } = feeds;
afterAll(() => feeds[Symbol.asyncDispose]());

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
    // Under the guid of another story, or the same one published anew: a person says.
    expect((await articles(single)).map(({ title, state }) => `${title} ${state}`)).toEqual([
      "Story 4 seen",
      "Story 5 held",
      "Story 6 held",
    ]);
  });

  test("that its feed lists twice, in two sections, is one", async () => {
    site.set("/twice", { body: feed([]) });
    const id = await source("/twice");
    await check(id);
    const story = { guid: "tw-1", title: "The budget" };
    site.set("/twice", {
      body: feed(["news", "money"].map((section) => ({ ...story, link: `${server.url}/${section}/budget` }))),
    });
    await advance(store, "61s");
    await check(id);
    expect(await articles(id)).toHaveLength(1);
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
    const { rows } = await store.query("select from slugline.source where id in ($1, $2) and last_new_at is not null", [
      one,
      two,
    ]);
    expect(rows, "neither is quiet").toHaveLength(2);
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
    await tell(BODY);
    await tell(BODY);
    expect(await articles(id)).toMatchObject([{ state: "ready", version: 1 }]);
    await tell(BODY.replace("Monday", "Sunday"));
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
    const paragraphs = BODY.split(". ").map((sentence) => `<p>${sentence}.</p>`);
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
