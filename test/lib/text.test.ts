import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanLines, cleanText } from "../../src/lib/text/clean.ts";
import { fits, graphemes, lengthOf, linksIn } from "../../src/lib/text/count.ts";
import { dirOf } from "../../src/lib/text/direction.ts";
import { languageOf } from "../../src/lib/text/language.ts";
import type { Limits } from "../../src/lib/text/limits.ts";
import { sentences } from "../../src/lib/text/sentences.ts";
import { shorten } from "../../src/lib/text/shorten.ts";

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

  test("the second limit in bytes holds as well", () => {
    expect(fits("👨‍👩‍👧‍👦".repeat(119), bluesky)).toBe(true);
    expect(fits("👨‍👩‍👧‍👦".repeat(121), bluesky)).toBe(false);
  });

  test("an unknown unit is a fault, not a guess", () => {
    expect(() => lengthOf("a", { ...x, unit: "lines" as "utf16" })).toThrow("lines");
  });
});

describe("shortening", () => {
  const within = (max: number) => (text: string) => graphemes(text) <= max;

  test("keeps whole sentences where there is room for one", () => {
    const text = "Floods closed the bridge on Tuesday. Engineers expect repairs to take at least three weeks.";
    expect(shorten(text, within(60), "en")).toBe("Floods closed the bridge on Tuesday.");
  });

  test("else ends at a word, without a comma before the dots", () => {
    expect(shorten("Floods, which nobody had expected, closed the bridge", within(35))).toBe(
      "Floods, which nobody had expected…",
    );
  });

  test("never cuts a link, a surrogate pair, a joined emoji or a letter from its mark; never exceeds; any text", () => {
    const words = fc.array(
      fc.oneof(
        fc.string({ unit: "grapheme" }),
        fc.constantFrom("https://go.example.org/abc/def", "👨‍👩‍👧‍👦", "می‌خواهم", "e\u0301", "東京都。", "كتاب،", "end."),
      ),
    );
    fc.assert(
      fc.property(words, fc.integer({ min: 0, max: 80 }), (parts, max) => {
        const text = cleanText(parts.join(" "));
        const short = shorten(text, within(max));
        expect(graphemes(short)).toBeLessThanOrEqual(max);
        expect(short.isWellFormed()).toBe(true);
        if (short === text) return;
        const kept = short.replace(/…$/, "");
        expect(text.startsWith(kept)).toBe(true);
        expect(linksIn(text).some(([start, end]) => kept.length > start && kept.length < end)).toBe(false);
        expect(
          [...new Intl.Segmenter("und").segment(text)].some(({ index }) => index === kept.length) || kept.length === text.length,
        ).toBe(true);
      }),
    );
  });
});

describe("sentences", () => {
  test.each([
    ["en", "Sen. Rand Paul, R-Ky. and others voted no. The bill failed.", 2],
    ["en", "He lives in the U.S. The law is new.", 2],
    ["en", "The U.S. Senate met on Nov. 3 with J. Smith of Acme Inc. of Ohio.", 1],
    ["en", "“Stop!” he said. Nobody did.", 2],
    ["de", "Am 3. November tagt der Bundestag. Dr. Meier kommt z. B. nicht.", 2],
    ["ar", "هل انتهى الاجتماع؟ قال المتحدث نعم. وغادر الجميع.", 3],
    ["ur", "اجلاس ختم ہوا۔ سب چلے گئے۔", 2],
    ["ckb", "کۆبوونەوەکە کۆتایی هات. هەمووان ڕۆیشتن.", 2],
    ["ja", "首相は「辞任する。」と述べた。会見は終わった。", 2],
    ["zh", "东京发生地震。没有人员伤亡。", 2],
  ] as const)("%s: %s", (lang, text, count) => {
    const found = sentences(text, lang);
    expect(found, JSON.stringify(found)).toHaveLength(count);
    expect(found.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
  });
});

describe("cleaning", () => {
  test("takes out what hides, breaks or reorders", () => {
    expect(cleanText("a\u0000b\ud800c\u202egnp\u2066 d\u200be\ufefff\u0007\u00ad \n\t g ")).toBe("abcgnp def g");
    expect(cleanText("hidden\u{e0041}\u{e0042} text")).toBe("hidden text");
  });
  test("keeps joiners that mean something", () => {
    for (const text of ["می‌خواهم", "👩‍🚒", "❤️‍🔥", "👩🏽‍🚒", "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", "क्‍ष"])
      expect(cleanText(text)).toBe(text);
    expect(cleanText("a\u200c b\u200d.")).toBe("a b.");
  });
  test("keeps lines where asked", () => {
    expect(cleanLines("a \r\n\r\n\r\n\r\n b\u2028c")).toBe("a\n\nb\nc");
  });
  test("cleaning twice is cleaning once; any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => cleanText(cleanText(text)) === cleanText(text)));
  });
});

describe("direction and language", () => {
  test("right to left is told by the language, else by the letters", () => {
    expect(["ar", "ckb", "fa", "he", "ur", "ku-Arab", "AR_sy"].map((lang) => dirOf(lang))).toEqual(Array(7).fill("rtl"));
    expect(["en", "kmr", "ja", "az-Latn"].map((lang) => dirOf(lang))).toEqual(Array(4).fill("ltr"));
    expect([dirOf("ku", "ئەمڕۆ"), dirOf("ku", "Îro"), dirOf(null, "تدمر ISIS في"), dirOf(null, "")]).toEqual([
      "rtl",
      "ltr",
      "rtl",
      "ltr",
    ]);
  });
  test.each([
    ["ئەمڕۆ لە هەولێر کۆبوونەوەیەک بەڕێوەچوو", null, "ckb"],
    ["ئەمڕۆ لە هەولێر کۆبوونەوەیەک بەڕێوەچوو", "en-US", "ckb"],
    ["Îro li Amedê civînek ji bo zimanê kurdî hat kirin û gelek kes beşdar bûn", null, "kmr"],
    ["Îro li Amedê civînek", "ku", "kmr"],
    ["الجيش السوري يتقدم في تدمر", "ku", "ckb"],
    ["首相が記者会見を開いた", "en", "ja"],
    ["東京", "ja", "ja"],
    ["Der Bundestag beschließt ein neues Gesetz über die Rente", "ar", "de"],
    ["Der Bundestag beschließt", "de_DE", "de-DE"],
    ["Syrian army advances against ISIS in ancient Palmyra", null, "en"],
    ["1234 !!", null, null],
    ["1234 !!", "not a tag at all", null],
  ] as const)("%s, declared %s, is %s", async (text, declared, lang) => {
    expect(await languageOf(text, declared)).toBe(lang);
  });
});
