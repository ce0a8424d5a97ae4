import { describe, expect, test } from "vitest";
import { fits, lengthOf } from "../../src/lib/text/count.ts";
import type { Limits } from "../../src/lib/text/limits.ts";
import { linksIn } from "../../src/lib/text/links.ts";

const mastodon: Limits = { max: 500, unit: "grapheme", perLink: 23, shortMentions: true };
const bluesky: Limits = { max: 300, unit: "grapheme", perLink: null, maxBytes: 3000 };
const telegram: Limits = { max: 4096, unit: "utf16", perLink: null };
const x: Limits = { max: 280, unit: "weighted", perLink: 23 };

describe("how text is counted", () => {
  test.each([
    ["a family of four is one character on Mastodon", "👨‍👩‍👧‍👦", mastodon, 1],
    ["and eleven code units on Telegram", "👨‍👩‍👧‍👦", telegram, 11],
    ["and two on X", "👨‍👩‍👧‍👦", x, 2],
    ["a link costs 23 on Mastodon, however long", `see https://go.example.org/${"a".repeat(80)} now`, mastodon, 4 + 23 + 4],
    ["a short link costs 23 too", "https://t.co", mastodon, 23],
    ["the full stop after a link is counted", "https://go.example.org/abc.", mastodon, 24],
    ["a bracket around a link is counted", "(https://go.example.org/abc)", mastodon, 25],
    ["a link with brackets of its own is whole", "https://en.example.org/A_(b)", mastodon, 23],
    ["a link costs its own length on Bluesky", "https://go.example.org/abcdefgh", bluesky, 31],
    ["localhost is no link to a network", "http://localhost:3001/abc", mastodon, 25],
    ["a remote mention counts without its server", "@anna@mastodon.example hi", mastodon, 8],
    ["an address in a mail is no mention", "write to anna@example.org", mastodon, 25],
    ["Japanese counts double on X", "東京", x, 4],
    ["Arabic counts single on X", "تدمر", x, 4],
    ["a site's name without its scheme counts as a link on X", "example.org", x, 23],
    ["é counts once on X, however it was typed", "e\u0301", x, 1],
  ] as const)("%s", (_name, text, limits, length) => {
    expect(lengthOf(text, limits)).toBe(length);
  });

  test.each([
    ["a link without its scheme is none on Mastodon", "see example.org/a-very-long-path now", mastodon, 36],
    ["a path in another alphabet is part of a link on Mastodon", `https://ar.example.org/${"تدمر".repeat(20)}`, mastodon, 23],
    ["but not on X", "https://ar.example.org/wiki/تدمر", x, 27],
    ["a sign that Mastodon takes into a link costs nothing there", "https://go.example.org/abc،", mastodon, 23],
    ["an ending that is no top-level domain makes no link", "https://go.example.notatld/abcdef", mastodon, 33],
    ["a mention inside a link is part of it", "https://mastodon.example.org/@anna@other.example", mastodon, 23],
    ["a port behind a mention's server counts", "@anna@mastodon.example:3000", mastodon, 10],
    ["a mention with two servers is none", "@anna@mastodon.example@other.example", mastodon, 36],
    ["a flag is one character on Bluesky", "🇩🇪", bluesky, 1],
    ["and four code units on Telegram", "🇩🇪", telegram, 4],
    ["consonants joined by a virama count apart: not every server joins them", "क्षेत्र", mastodon, 4],
    ["a direction mark costs two on X", "\u200fISIS", x, 6],
    ["and one elsewhere", "\u200fISIS", mastodon, 5],
  ] as const)("%s", (_name, text, limits, length) => {
    expect(lengthOf(text, limits)).toBe(length);
  });

  test("the second limit in bytes holds as well", () => {
    expect(fits("👨‍👩‍👧‍👦".repeat(119), bluesky)).toBe(true);
    expect(fits("👨‍👩‍👧‍👦".repeat(121), bluesky)).toBe(false);
  });

  test("an unknown unit is an error, not a guess", () => {
    expect(() => lengthOf("a", { ...x, unit: "lines" as "utf16" })).toThrow("lines");
  });
});

describe("where links stand", () => {
  test.each([
    ["See https://go.example.org/abc.", ["https://go.example.org/abc"]],
    ["(https://en.example.org/A_(b))", ["https://en.example.org/A_(b)"]],
    ["انظر https://go.example.org/abc، ثم", ["https://go.example.org/abc"]],
    ["\u2068https://go.example.org/abc\u2069", ["https://go.example.org/abc"]],
    ["https://ar.example.org/wiki/تدمر؟", ["https://ar.example.org/wiki/تدمر"]],
    ["http://localhost:3001/abc", []],
  ])("%s", (text, links) => {
    expect(linksIn(text).map(([start, end]) => text.slice(start, end))).toEqual(links);
  });
});
