import { cleanLines } from "../../src/lib/text/clean.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { opened } from "../../src/lib/text/bidi.ts";
import { fits, graphemes, lengthOf } from "../../src/lib/text/count.ts";
import type { Limits } from "../../src/lib/text/limits.ts";
import { linksIn, linksOnX, namesIn } from "../../src/lib/text/links.ts";
import { shorten } from "../../src/lib/text/shorten.ts";

const within = (max: number) => (text: string) => graphemes(text) <= max;

describe("shortening", () => {
  test("keeps whole sentences where there is room for one", () => {
    const text = "Floods closed the bridge on Tuesday. Engineers expect repairs to take at least three weeks.";
    expect(shorten(text, within(60), "en")).toBe("Floods closed the bridge on Tuesday.");
  });

  test.each([
    [
      "ends at a word, without a comma",
      "Floods, which nobody had expected, closed the bridge",
      35,
      "Floods, which nobody had expected…",
    ],
    ["leaves no opening quotation mark", "The minister said “nobody knew of it before” on Friday", 20, "The minister said…"],
    ["nor a straight one", 'The minister said "nobody knew of it before" on Friday', 20, "The minister said…"],
    ["nor a German one", "Der Minister sagte »niemand wusste davon« am Freitag", 21, "Der Minister sagte…"],
    ["nor an Arabic one, nor its comma", "قال الوزير، «لم يعلم أحد بذلك» يوم الجمعة", 14, "قال الوزير…"],
    [
      "a space keeps a link from the dots",
      "https://go.example.org/abc and what else there was to say",
      32,
      "https://go.example.org/abc and…",
    ],
    ["also when nothing else fits", "https://go.example.org/abc, and", 29, "https://go.example.org/abc …"],
    ["a link that does not fit goes whole", "Floods https://go.example.org/abc-def", 30, "Floods…"],
    ["a name of a site is a link to X", "Floods example.org/abc-def", 20, "Floods…"],
    ["a link's own dash stays", "See https://go.example.org/abc- for the whole story", 33, "See https://go.example.org/abc- …"],
    ["a mention is whole or not there", "Hello @anna@mastodon.example and others", 20, "Hello…"],
    ["a hashtag too", "Hello #IslamicState", 12, "Hello…"],
    ["two flags are two characters", "🇩🇪🇦🇹🇨🇭🇱🇮", 3, "🇩🇪🇦🇹…"],
    ["a joined emoji is one", "👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 2, "👨‍👩‍👧‍👦…"],
    ["no joiner stays at the end", "می‌خواهم‌ها بروم", 8, "می‌خواهم…"],
    [
      "an isolate the cut would leave open is closed",
      "The word \u2068كلمة واحدة طويلة\u2069 is long",
      17,
      "The word \u2068كلمة…\u2069",
    ],
    ["an embedding too", "He wrote \u202bكلمة واحدة طويلة\u202c there", 17, "He wrote \u202bكلمة…\u202c"],
    ["nothing fits", "Floods", 0, ""],
  ] as const)("%s", (_name, text, max, short) => {
    expect(shorten(text, within(max))).toBe(short);
  });

  test("a sentence that ends inside a quotation does not end the text", () => {
    const text = "“We stay. We will not leave our homes whatever they promise us,” said the mayor of the town.";
    expect(shorten(text, within(40), "en")).toBe("“We stay. We will not leave our homes…");
  });
});

describe("shortening any text at all", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.string({ unit: "grapheme", maxLength: 12 }),
    fc.constantFrom(
      ..."https://go.example.org/abc/def example.org/x #قوات_سوريا @anna@mastodon.example 👨‍👩‍👧‍👦 🇩🇪🇦🇹 می‌خواهم e\u0301 क्षेत्र 東京都。 كتاب، “Stop.” „Halt“ «قف» end. ه‍ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣".split(
        " ",
      ),
      ..."\u2066 \u2067 \u2068 \u2069 \u202a \u202b \u202c \u202d \u202e \u200d \u200c \u200f \u0600 \ud83c \udde9".split(" "),
    ),
    fc.constant("\n"),
  );
  const anyText = fc.tuple(fc.array(piece, { maxLength: 20 }), fc.constantFrom("", " ")).map(([parts, gap]) => parts.join(gap));
  const limits: readonly Omit<Limits, "max">[] = [
    { unit: "grapheme", perLink: 23, shortMentions: true },
    { unit: "grapheme", perLink: null, maxBytes: 120 },
    { unit: "utf16", perLink: null },
    { unit: "weighted", perLink: 23 },
  ];
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

  test.each(limits)(`fits, begins as the text, splits nothing and leaves nothing open: $unit (seed ${seed})`, (limit) => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 0, max: 80 }), (given, max) => {
        // As every text of ours is on its way in.
        const text = cleanLines(given);
        const place = (candidate: string) => fits(candidate, { ...limit, max });
        const short = shorten(text, place);
        expect(place(short) || short === "", `${lengthOf(short, { ...limit, max })} of ${max}`).toBe(true);
        expect(shorten(short, place)).toBe(short);
        if (short === text || short === "") return;

        const links = [...linksIn(text), ...linksOnX(text)];
        const bare = short.replace(/…?[\u202c\u2069]*$/u, "");
        // The space after a link is ours: where the text has one too, a combining mark may stand on that.
        const kept = bare.endsWith(" ") && links.some(([, end]) => end === bare.length - 1) ? bare.slice(0, -1) : bare;
        expect(text.startsWith(kept)).toBe(true);
        expect(opened(short)).toBe("");
        expect(kept).not.toMatch(/[\u200c\u200d]$/);
        if (short.includes("…")) expect(kept).not.toMatch(/(?:^|\s)["“„«‘‚]$/);
        for (const [start, end] of [...links, ...namesIn(text)])
          expect(kept.length > start && kept.length < end, `cut in ${text.slice(start, end)}`).toBe(false);
        const joined = /^[\u200c\u200d]*/.exec(text.slice(kept.length))![0].length;
        const ends = Array.from(new Intl.Segmenter("und").segment(text), ({ index, segment }) => index + segment.length);
        expect(ends.includes(kept.length + joined) || kept === "").toBe(true);
      }),
      { seed, numRuns: process.env.FULL ? 2_000 : 500 },
    );
  });
});
