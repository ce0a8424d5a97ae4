import { afterAll, expect, test } from "vitest";
import { createParser } from "../../src/article/parser.ts";

const parser = createParser({ timeMs: 1_000 });
afterAll(() => parser[Symbol.asyncDispose]());
const page = (html: string) => parser.page(Buffer.from(html), "text/html", "https://example.org/a");
const GOOD = `<html lang=en><body><article><h1>Canal reopens</h1>${"<p>Farmers reopened a stretch of the canal on Sunday, two growers said to reporters.</p>".repeat(5)}</article></body></html>`;

test("a page that takes too long is given up, and the next one is read as if nothing had been", async () => {
  expect(await page(GOOD)).toMatchObject({ ok: true, story: { title: "Canal reopens" } });
  const slow = await page(`<body>${"<div class=a><p>word, word, word and more words".repeat(20_000)}`);
  expect(slow).toMatchObject({ ok: false, code: "PARSE_TIMEOUT" });
  expect(await page(GOOD)).toMatchObject({ ok: true, story: { title: "Canal reopens" } });
});

test("what is too large is refused before it is read", async () => {
  expect(await parser.feed(new Uint8Array(10_000_001), null, "https://example.org/feed")).toMatchObject({
    ok: false,
    code: "TOO_LARGE",
  });
});

test("after it is closed it answers, and reads nothing", async () => {
  const closed = createParser();
  await closed[Symbol.asyncDispose]();
  expect(await closed.text(Buffer.from("A"))).toMatchObject({ ok: false, code: "PARSE_CLOSED" });
});
