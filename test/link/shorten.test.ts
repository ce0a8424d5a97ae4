import { expect, test } from "vitest";
import { newId } from "../../src/lib/id.ts";
import { makeLive, retire, shorten } from "../../src/link/shorten.ts";
import { publicLinks, publicLinksByCode } from "../../src/link/store.ts";
import { testStore } from "../support/store.ts";

const store = await testStore();
const sourceId = newId();
await store.query("insert into slugline.source (id, name, kind, origin) values ($1, 'front', 'feed', 'file')", [sourceId]);

async function article(): Promise<string> {
  const id = newId();
  await store.query("insert into slugline.article (id, source_id, url, canonical_url, state) values ($1, $2, $3, $3, 'ready')", [
    id,
    sourceId,
    `https://example.org/${id}`,
  ]);
  return id;
}

test("the same story at the same place keeps its link, also when asked for ten times at once", async () => {
  const it = { target: "https://example.org/a", articleId: await article(), placement: "story" };
  const made = await Promise.all(Array.from({ length: 10 }, () => shorten(store, it)));
  expect(new Set(made.map(({ code }) => code)).size).toBe(1);
  expect(made[0]?.code).toMatch(/^[23456789a-hjkmnp-z]{8}$/);
  expect((await shorten(store, { ...it, placement: "print" })).code).not.toBe(made[0]?.code);
});

test("a code that is taken is not given again", async () => {
  const codes = ["aaaaaaaa", "aaaaaaaa", "aaaaaaaa", "bbbbbbbb"];
  const make = () => codes.shift() as string;
  const first = await shorten(store, { target: "https://example.org/a", articleId: null, placement: "x" }, make);
  const second = await shorten(store, { target: "https://example.org/b", articleId: null, placement: "x" }, make);
  expect([first.code, second.code]).toEqual(["aaaaaaaa", "bbbbbbbb"]);
});

test("letters beyond ASCII are stored as a header can carry them", async () => {
  const { code, id } = await shorten(store, { target: "https://example.org/خبر", articleId: null, placement: "x" });
  expect(await publicLinksByCode(store, [code])).toEqual([]);
  await makeLive(store, id);
  expect((await publicLinksByCode(store, [code]))[0]?.target).toBe("https://example.org/%D8%AE%D8%A8%D8%B1");
});

test("a link is reserved, then live, then retired, never back, and its changes are told", async () => {
  const { id, number } = await shorten(store, {
    target: "https://example.org/a",
    articleId: await article(),
    placement: "story",
  });
  expect(await publicLinks(store, number - 1, 1)).toEqual([]);
  expect(await makeLive(store, id)).toBe(1);
  expect(await makeLive(store, id)).toBe(0);
  expect((await publicLinks(store, number - 1, 1))[0]?.state).toBe("live");
  expect(await retire(store, id, "anna", "wrong story")).toBe(true);
  expect(await retire(store, id, "anna", "wrong story")).toBe(false);
  expect(await makeLive(store, id)).toBe(0);
  const { rows } = await store.query("select kind, before, by from slugline.link_change where link_id = $1 order by at", [id]);
  expect(rows).toEqual([
    { kind: "live", before: "reserved", by: null },
    { kind: "retired", before: "live", by: "anna" },
  ]);
  await expect(store.query("update slugline.link set state = 'live' where id = $1", [id])).rejects.toMatchObject({
    code: "SL001",
  });
});

test("what nobody allows is refused", async () => {
  await expect(shorten(store, { target: "javascript:alert(1)", articleId: null, placement: "x" })).rejects.toMatchObject({
    code: "TARGET_REFUSED",
  });
});
