import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { directed, opened } from "../../src/lib/text/bidi.ts";
import { linksIn, linksOnMastodon, linksOnX, namesIn } from "../../src/lib/text/links.ts";
import { firstStrong, places, shown } from "../support/bidi.ts";

const LINK = "https://go.example.org/k7Rf2a";
const RUNS = process.env.FULL ? 5_000 : 500;
const RLM = "\u200f";
const LRM = "\u200e";

/** The words of a line in the order in which a reader of its direction meets them. */
function read(line: string, dir: "ltr" | "rtl"): string[] {
  const at = places(line, firstStrong(line));
  const words = Array.from(line.matchAll(/[^\s\u200e\u200f]+/gu), ({ index, 0: word }) => {
    const start = Array.from(line.slice(0, index)).length;
    const own = at.slice(start, start + Array.from(word).length);
    return { word, place: own.reduce((sum, place) => sum + place, 0) / own.length };
  });
  return words.toSorted((a, b) => (dir === "ltr" ? a.place - b.place : b.place - a.place)).map(({ word }) => word);
}

describe("what a screen shows (the Unicode bidirectional algorithm, as our tests have it)", () => {
  test.each([
    ["abc אבג def", "abc גבא def"],
    ["אבג abc דהו", "והד abc גבא"],
    ["אבג (abc) דהו.", ".והד (abc) גבא".replace("(abc)", ")abc(")],
    ["عدد 25 قتيلا", "اليتق 25 ددع"],
    ["אבג 1,200 ABC.", ".ABC 1,200 גבא"],
    ["#תגית", "תיגת#".split("").toReversed().join("").replace("#תגית", "תיגת#")],
  ])("%s", (line, visible) => {
    expect(shown(line)).toBe(visible);
  });
});

describe("a post in two directions", () => {
  test.each([
    ["an Arabic post that begins with a Latin word", "ISIS تنسحب من تدمر", "rtl", `${RLM}ISIS تنسحب من تدمر`],
    ["a Kurdish one that begins with a Latin abbreviation and a colon", "UN: شەڕ لە تەدمور", "rtl", `${RLM}UN: شەڕ لە تەدمور`],
    [
      "an English post that begins with an Arabic word",
      "الجزيرة reports from Palmyra",
      "ltr",
      `${LRM}الجزيرة reports from Palmyra`,
    ],
    ["a Latin word before the link", `تنسحب من تدمر قوات ISIS ${LINK}`, "rtl", `تنسحب من تدمر قوات ISIS${RLM} ${LINK}`],
    ["with a full stop", `الجيش يتقدم ضد ISIS. ${LINK}`, "rtl", `الجيش يتقدم ضد ISIS.${RLM} ${LINK}`],
    ["with a number", `لقاح جديد ضد COVID-19 ${LINK}`, "rtl", `لقاح جديد ضد COVID-19${RLM} ${LINK}`],
    ["a Latin word before a Latin hashtag", "الجيش يتقدم ضد ISIS #Palmyra", "rtl", `الجيش يتقدم ضد ISIS${RLM} #Palmyra`],
    [
      "an Arabic word before an Arabic hashtag in an English post",
      "A word like تدمر #سوريا",
      "ltr",
      `A word like تدمر${LRM} #سوريا`,
    ],
    ["a link before everything", `${LINK} الجيش يتقدم`, "rtl", `${RLM} ${LINK} الجيش يتقدم`],
    ["a Latin hashtag before everything", "#ISIS تنسحب من تدمر", "rtl", `${RLM} #ISIS تنسحب من تدمر`],
  ] as const)("%s needs one mark", (_name, text, dir, marked) => {
    const written = text.split(/\s+/);
    expect(directed(text, dir)).toBe(marked);
    expect(firstStrong(text) === dir && read(text, dir).join(" ") === written.join(" ")).toBe(false);
    expect(firstStrong(marked)).toBe(dir);
    expect(read(marked, dir)).toEqual(written);
  });

  test.each([
    ["Arabic alone", "الجيش السوري يتقدم في تدمر.", "rtl"],
    ["English alone", `Floods closed the bridge.\n\n${LINK} #Floods`, "ltr"],
    ["a link after Arabic that ends in a full stop", `الجيش السوري يتقدم في تدمر. ${LINK}`, "rtl"],
    ["and in a question mark, or a number", `كم عددهم؟ ${LINK}`, "rtl"],
    ["a number before the link", `بلغ العدد 25 ${LINK}`, "rtl"],
    ["a Latin hashtag after Arabic", "الجيش السوري يتقدم في تدمر #ISIS", "rtl"],
    ["an Arabic hashtag after the link", `الجيش يتقدم ${LINK} #تدمر`, "rtl"],
    ["Latin in brackets inside Arabic", `تنظيم الدولة (ISIS) في تدمر ${LINK}`, "rtl"],
    ["an Arabic hashtag after English", `Syrian army advances ${LINK} #تدمر`, "ltr"],
    ["Hebrew with an acronym in the middle", `שר החוץ נפגש עם ראש NATO בבריסל ${LINK}`, "rtl"],
  ] as const)("%s shows rightly as it is, and stays", (_name, text, dir) => {
    expect(directed(text, dir)).toBe(text);
    for (const line of text.split("\n").filter((line) => firstStrong(line) === dir && line.trim() !== ""))
      expect(read(line, dir)).toEqual(line.split(/\s+/));
  });

  test("a line of its own for the link needs nothing", () => {
    const text = `الجيش يتقدم ضد ISIS\n\n${LINK} #تدمر #Palmyra`;
    expect(directed(text, "rtl")).toBe(text);
  });

  test("each line that begins with the other direction has its own mark, where it holds both", () => {
    const text = "NATO تجتمع في بروكسل\nUN: لا اتفاق\nBreaking news\nلا جديد";
    expect(directed(text, "rtl")).toBe(`${RLM}NATO تجتمع في بروكسل\n${RLM}UN: لا اتفاق\nBreaking news\nلا جديد`);
  });
});

describe("direction marks in any text", () => {
  const seed = Date.now() % 1_000_000;
  const piece = fc.constantFrom(
    ...`ISIS NATO. UN: 25 ١٢ تدمر الجيش، شەڕ؟ #ISIS #تدمر @anna @anna@mastodon.example ${LINK} https://ar.example.org/تدمر () «قف» “Stop” – 😀 \n e\u0301 ${RLM} ${LRM}`.split(
      " ",
    ),
  );
  const post = fc.array(piece, { maxLength: 14 }).map((parts) => parts.join(" "));
  const dirs = fc.constantFrom("ltr" as const, "rtl" as const);

  const words = (text: string) =>
    text
      .replace(/[\u200e\u200f]/g, "")
      .split(/[ \t]+|(\n)/)
      .filter(Boolean);

  test(`add nothing but marks, twice is once, and no link or tag is touched, on any network (seed ${seed})`, () => {
    fc.assert(
      fc.property(post, dirs, (text, dir) => {
        const marked = directed(text, dir);
        expect(directed(marked, dir)).toBe(marked);
        expect(words(marked)).toEqual(words(text));
        for (const find of [linksIn, linksOnX, linksOnMastodon, namesIn]) {
          const found = (of: string) => find(of).map(([start, end]) => of.slice(start, end));
          expect(found(marked)).toEqual(found(text));
        }
        // Bluesky's own finding of facets: a link or tag begins a line or stands behind white space, and ends at white space.
        const bluesky = (of: string) => of.match(/(?<=^|\s|\()(?:https?:\/\/\S+|[#@]\S+)/g);
        expect(bluesky(marked)).toEqual(bluesky(text));
      }),
      { seed, numRuns: RUNS },
    );
  });

  test(`a post with a word of its own direction is taken for it (seed ${seed})`, () => {
    fc.assert(
      fc.property(post, dirs, (text, dir) => {
        const marked = directed(text, dir);
        if ((dir === "rtl" ? /[[\u0600-\u06ff]&&\p{L}]/v : /[a-z]/iu).test(text.replace(/[\u200e\u200f]/g, "")))
          expect(firstStrong(marked)).toBe(dir);
      }),
      { seed, numRuns: RUNS },
    );
  });
});

test("what closes the isolates and embeddings that are open", () => {
  expect(opened("a\u2068b\u202bc")).toBe("\u202c\u2069");
  expect(opened("a\u2068b\u202bc\u2069")).toBe("");
  expect(opened("a\u202bb\u2069c")).toBe("\u202c");
  expect(opened("\u2067a\nb")).toBe("");
});
