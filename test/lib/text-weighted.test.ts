import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import twitter from "twitter-text";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { lengthOf } from "../../src/lib/text/count.ts";
import { linksOnX } from "../../src/lib/text/links.ts";

const ours = (text: string) => lengthOf(text, { max: 280, unit: "weighted", perLink: 23 });
const theirs = (text: string) => twitter.parseTweet(text).weightedLength;
const differ = (texts: Iterable<string>) => [...texts].filter((text) => ours(text) !== theirs(text));
const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
/** Letters, signs and emoji all; of the long blocks of ideographs and syllables that are alike one in sixteen, but in the full run. */
const isTried = (point: number) =>
  process.env.FULL ||
  point < 0x3400 ||
  (point >= 0xf900 && point < 0x10000) ||
  (point >= 0x1f000 && point < 0x1fc00) ||
  point % 16 === seed % 16;
const RUNS = process.env.FULL ? 10_000 : 500;

describe("X's length is what twitter-text says", () => {
  test(`of any text (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", size: "medium" }), (text) => {
        expect(ours(text)).toBe(theirs(text));
      }),
      { seed, numRuns: RUNS },
    );
  });

  test(`of what links, names, brackets, marks and emoji may be made of, in any order (seed ${seed})`, () => {
    const parts =
      "https:// http:// HTTP:// example . com co aco gov org みんな テスト 한국 भारत भारतम् 嘉里大酒店 嘉里 中国 / ? # @ ＠ $ ＃ - _ : 8080 ( ) [ ] a é ß ж 1 t.co/abc t.co/ xn--ls8h xn-- ، … 。 ’ ' ! = & ~ | * + %20 user 👨‍👩‍👧 👨 👩 👦 ❤ 💋 ♀ ☝ 😀 🏴 🏽 🇩🇪 🇨🇶 🇦 \u20e3 \u200d \ufe0f \ufe0e \ufeff \u2066 \u2069 \u200f \u202a \u061c \ud800 e\u0301 \u0301 ſ K";
    const part = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...parts.split(" "), " ", "\n", "\u00a0") },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
    );
    fc.assert(
      fc.property(fc.array(part, { size: "large", maxLength: 40 }), (some) => {
        const text = some.join("");
        expect(ours(text)).toBe(theirs(text));
      }),
      { seed, numRuns: 4 * RUNS },
    );
  });

  test("of every character alone, and with a variation selector, a skin tone, a keycap or a joiner", () => {
    const points = Array.from({ length: 0x20000 }, (_, point) => point);
    const characters = points.filter(isTried).map((point) => String.fromCodePoint(point));
    const tails = [
      "",
      "\ufe0f",
      "\ufe0e",
      "\u{1f3fd}",
      "\ufe0f\u20e3",
      "\u200d♀\ufe0f",
      "\u{1f3fd}\u200d♂\ufe0f",
      "\ufe0f\u{1f3fd}",
    ];
    expect(differ(characters.map((character) => tails.map((tail) => character + tail).join(" ")))).toEqual([]);
  });

  test("of every flag", () => {
    const letters = Array.from({ length: 26 }, (_, at) => String.fromCodePoint(0x1f1e6 + at));
    expect(differ(letters.flatMap((a) => letters.map((b) => a + b)))).toEqual([]);
  });

  test("of emoji made of several, in every combination", () => {
    const people = ["👨", "👩", "👦", "👧", "🧑", "👨🏽", "👩🏿", "🏳️", "🏴", "👁", "👯", "🧞", "⛹️", "⛹🏻", "🐻"];
    const joined = [
      "",
      "👨",
      "👩",
      "👧",
      "👦",
      "❤️",
      "❤",
      "💋",
      "🌈",
      "☠️",
      "🗨",
      "⚕️",
      "⚕",
      "🌾",
      "🦰",
      "🚒",
      "♀️",
      "♀",
      "🦽",
      "❄️",
    ];
    // The full run takes four of them, the usual one three.
    const last = process.env.FULL ? joined : [""];
    const texts = people.flatMap((a) =>
      joined.flatMap((b) => joined.flatMap((c) => last.map((d) => [a, b, c, d].join("\u200d")))),
    );
    expect(differ(texts)).toEqual([]);
  });

  test.each([
    ["a label of 63 letters is a domain's", `${"a".repeat(63)}.com`],
    ["one of 64 is not", `https://${"a".repeat(64)}.com/x`],
    ["labels in other scripts as long as DNS writes them", `https://${"あ".repeat(20)}.com https://${"é".repeat(60)}.com`],
    ["mixed ones", `https://bücher-${"ж".repeat(25)}.com https://${"ab漢".repeat(14)}.com`],
    ["a link of more than 4,096 characters is none", `https://example.com/${"a".repeat(4_090)}`],
    ["a short link of X ends with its code", `http://t.co/${"a".repeat(41)} http://t.co/${"a".repeat(40)} https://t.co/abc-`],
  ])("%s", (_name, text) => {
    expect(ours(text)).toBe(theirs(text));
  });

  test("Punycode lengths are those of the oracle for any label", () => {
    const label = fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).map((text) => text.replace(/[\s.]/g, ""));
    fc.assert(
      fc.property(label, (made) => {
        const text = `https://${made}.com/aaaaaaaaaaaaaaaa`;
        expect(ours(text)).toBe(theirs(text));
      }),
      { seed, numRuns: 2 * RUNS },
    );
  });
});

test("a name of more parts than DNS can carry counts whole, where twitter-text may still see a link: too much, not too little", () => {
  const text = `https://${"a.".repeat(200)}com`;
  expect(theirs(text)).toBe(23);
  expect(ours(text)).toBe(text.length);
  for (const many of ["a.b".repeat(8_000), "あ.jp".repeat(300), `${"あ".repeat(1_500)}.ab.com/${"a".repeat(200)}`])
    expect(ours(many)).toBeGreaterThanOrEqual(theirs(many));
});

test("a text of many links, brackets or dots is counted at once, however it was made", () => {
  const traps = [".a", ".comx", "あ", "((a", "(a)", "!", "@a", "a.b-", "https://", "xn--"];
  for (const trap of traps) {
    const text = `https://example.com/${trap.repeat(2_000)}. .${trap.repeat(2_000)}`;
    expect(ours(text)).toBeGreaterThan(0);
  }
});

const cases = `${process.env["TEST_DATA"] ?? ""}/twitter-text-conformance`;
describe.skipIf(!existsSync(cases))("twitter-text's own conformance cases (needs TEST_DATA)", () => {
  interface Case {
    readonly description: string;
    readonly text: string;
    readonly expected: unknown;
  }
  const read = (file: string): Record<string, Case[]> => {
    const path = `${cases}/${file}.yml`;
    return existsSync(path) ? (parse(readFileSync(path, "utf8")) as { tests: Record<string, Case[]> }).tests : {};
  };
  const linked = (text: string) => linksOnX(text).map(([start, end]) => text.slice(start, end));

  const lengths = ["WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest"];
  test.each(lengths.flatMap((group) => read("validate")[group] ?? []))("length: $description", ({ text, expected }) => {
    expect(ours(text)).toBe((expected as { weightedLength: number }).weightedLength);
  });

  const links = ["urls", "tco_urls_with_params"];
  test.each(links.flatMap((group) => read("extract")[group] ?? []))("links: $description", ({ text, expected }) => {
    expect(linked(text)).toEqual(expected);
  });

  const places = ["urls_with_indices", "urls_with_directional_markers"];
  test.each(places.flatMap((group) => read("extract")[group] ?? []))("places: $description", ({ text, expected }) => {
    const found = linksOnX(text).map(([start, end]) => ({ url: text.slice(start, end), indices: [start, end] }));
    expect(found).toEqual(expected);
  });

  test("every top-level domain", () => {
    const all = Object.values(read("tlds")).flat();
    expect(all.length).toBeGreaterThan(0);
    expect(all.filter(({ text, expected }) => JSON.stringify(linked(text)) !== JSON.stringify(expected))).toEqual([]);
  });
});
