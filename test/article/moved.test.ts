import { afterAll, describe, expect, test } from "vitest";
import { NOTHING_TOLD } from "../../src/article/article.ts";
import { takeItem } from "../../src/article/take.ts";
import { newId } from "../../src/lib/id.ts";
import { openCms, published, STORY } from "../support/cms.ts";

const cms = await openCms();
const { store, send } = cms;
afterAll(() => cms[Symbol.asyncDispose]());

const feed = newId();
await store.query(
  "insert into slugline.source (id, name, kind, url, origin) values ($1, 'front', 'feed', 'https://example.org/feed', 'file')",
  [feed],
);
/** What a feed lists: the same stories under names of its own. */
const listed = (guid: string, url: string) =>
  store.transaction((db) =>
    takeItem(
      db,
      { sourceId: feed, kind: "feed" },
      { ...NOTHING_TOLD, guid: `feed-${guid}`, url: `https://example.org/${url}`, title: `Story ${guid}`, text: STORY },
      "seen",
    ),
  );
const told = (guid: string, url: string, event = "updated") =>
  send({ ...published(guid, { url: url.includes(":") ? url : `https://example.org/${url}` }), event });
const addresses = async (...urls: readonly string[]) =>
  (
    await store.query<{ url: string }>("select url from slugline.article where url = any($1) order by first_seen_at, id", [
      urls.map((url) => (url.includes(":") ? url : `https://example.org/${url}`)),
    ])
  ).rows.map(({ url }) => url);
const isDue = async (guid: string) =>
  (await store.query<{ due: boolean }>("select composed_version < version as due from slugline.article where guid = $1", [guid]))
    .rows[0]!.due;

describe("a story whose address changes", () => {
  test("moves, once, and its links are to follow it; its words and their version are as they were", async () => {
    await told("m-1", "tpyo", "published");
    await store.query("update slugline.article set state = 'ready', composed_version = version where guid = 'm-1'");
    await told("m-1", "typo");
    expect(await addresses("tpyo", "typo")).toEqual(["https://example.org/typo"]);
    expect(await cms.rowsOf("m-1")).toMatchObject([{ version: 1 }]);
    expect(await isDue("m-1")).toBe(true);
    await store.query("update slugline.article set composed_version = version where guid = 'm-1'");
    await told("m-1", "typo");
    expect(await isDue("m-1")).toBe(false);
    expect((await store.query("select from slugline.event where kind = 'article-moved'")).rowCount).toBe(1);
  });

  test.each([
    ["lists the new address first and then, from a cache, the old one", ["slug-b-new", "slug-b-old"]],
    ["lists the old address, and then the new one", ["slug-b-old", "slug-b-new"]],
  ])("is one story, also to a feed beside the hook that %s", async (_, order) => {
    const guid = newId();
    const [from, to] = [`${guid}-slug-b-old`, `${guid}-slug-b-new`];
    await told(guid, from, "published");
    await told(guid, to);
    for (const url of order) await listed(guid, `${guid}-${url}`);
    expect(await addresses(from, to)).toEqual([`https://example.org/${to}`]);
  });

  test("is one story where the feed was first, and the hook tells of the new address alone", async () => {
    await listed("c-1", "c-old");
    await told("c-1", "c-old", "published");
    await told("c-1", "c-new");
    expect(await addresses("c-old", "c-new")).toEqual(["https://example.org/c-new"]);
    await listed("c-1", "c-new");
    expect(await addresses("c-old", "c-new")).toEqual(["https://example.org/c-new"]);
  });

  test("moves back when its source says so", async () => {
    await told("d-1", "d-one", "published");
    await told("d-1", "d-two");
    await told("d-1", "d-one");
    expect(await addresses("d-one", "d-two")).toEqual(["https://example.org/d-one"]);
  });

  test("stays where it is when another story is at the new address, or it is on another site", async () => {
    await told("e-1", "e-one", "published");
    await told("e-2", "e-two", "published");
    await told("e-1", "e-two");
    await told("e-2", "https://elsewhere.example/e-two");
    expect(await addresses("e-one", "e-two", "https://elsewhere.example/e-two")).toEqual([
      "https://example.org/e-one",
      "https://example.org/e-two",
    ]);
  });

  test("leaves its address to another story, which is one of its own, also when it is withdrawn", async () => {
    await told("g-1", "g-live", "published");
    await listed("g-1", "g-live");
    await told("g-1", "g-first");
    await listed("g-2", "g-live");
    await told("g-2", "g-live", "published");
    await store.query(
      "update slugline.article set state = 'seen', next_at = slugline.now() where guid = 'feed-g-2' or guid = 'g-2'",
    );
    for (const { id } of await cms.rowsOf("feed-g-2")) await cms.read(id);
    expect(await cms.rowsOf("feed-g-2")).toMatchObject([{ state: "ready" }]);
    expect(await addresses("g-live", "g-first")).toEqual(["https://example.org/g-first", "https://example.org/g-live"]);
    await told("g-3", "g-first-too", "published");
    await told("g-3", "g-second");
    await send({ event: "removed", article: { guid: "g-4", url: "https://example.org/g-first-too", title: "Gone" } });
    expect(await cms.rowsOf("g-3")).toMatchObject([{ state: "seen" }]);
    expect(await cms.rowsOf("g-4")).toMatchObject([{ state: "removed" }]);
  });

  test("is withdrawn by its old address too", async () => {
    await told("f-1", "f-old", "published");
    await told("f-1", "f-new");
    await send({ event: "removed", url: "https://example.org/f-old" });
    expect(await cms.rowsOf("f-1")).toMatchObject([{ state: "removed" }]);
  });
});
