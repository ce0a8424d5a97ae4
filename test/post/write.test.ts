import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fits, lengthOf } from "../../src/lib/text/count.ts";
import type { Limits } from "../../src/lib/text/limits.ts";
import { targetOf } from "../../src/post/target.ts";
import { hashtags, PLAIN_VOICE, write, type Pieces } from "../../src/post/write.ts";

const MASTODON: Limits = { max: 500, unit: "grapheme", perLink: 23, shortMentions: true };
const LINK = "https://go.example.org/abcd2345";
const STORY: Pieces = {
  headline: "Council opens the old bridge",
  first: "The old bridge opens on Monday, the council said on Tuesday.",
  second: "Buses will cross it from Wednesday.",
  link: LINK,
  tags: ["#Bridge", "#Council", "#Buses"],
  lang: "en",
  dir: "ltr",
};

describe("a post in the plain voice", () => {
  test("says headline, summary, link and two tags", () => {
    expect(write(STORY, PLAIN_VOICE, MASTODON).text).toBe(
      `Council opens the old bridge\n\nThe old bridge opens on Monday, the council said on Tuesday. Buses will cross it from Wednesday.\n\n${LINK} #Bridge #Council`,
    );
  });

  test("gives way in the voice's order: tags, the second sentence, the summary, and the headline last", () => {
    const at = (max: number) => write(STORY, PLAIN_VOICE, { ...MASTODON, max }).text;
    expect(at(160)).toContain("Wednesday.");
    expect(at(160)).not.toContain("#Council");
    expect(at(120)).not.toContain("Wednesday");
    expect(at(120)).toContain("Tuesday.");
    expect(at(60)).toBe(`Council opens the old bridge\n\n${LINK}`);
    expect(at(40)).toMatch(/^Council.*…\n\n/u);
  });

  test("leaves no hole where a piece is missing", () => {
    expect(write({ ...STORY, first: null, second: null, tags: [] }, PLAIN_VOICE, MASTODON).text).toBe(
      `Council opens the old bridge\n\n${LINK}`,
    );
  });

  test("fills nothing that stands in an article's own words", () => {
    const text = write({ ...STORY, headline: "Why {link} and {constructor} stay words" }, PLAIN_VOICE, MASTODON).text;
    expect(text.split(LINK)).toHaveLength(2);
    expect(text).toContain("{link} and {constructor}");
  });

  test("fits and keeps its link whole, whatever the article says", () => {
    const words = fc.string({ unit: "grapheme", maxLength: 700 });
    fc.assert(
      fc.property(
        words,
        fc.option(words),
        fc.option(words),
        fc.integer({ min: 40, max: 500 }),
        (headline, first, second, max) => {
          const limits = { ...MASTODON, max };
          const { text } = write({ ...STORY, headline, first, second }, PLAIN_VOICE, limits);
          expect(text).toContain(LINK);
          if (!fits(text, limits)) throw new Error(`${lengthOf(text, limits)} of ${max}: ${JSON.stringify(text)}`);
        },
      ),
      { numRuns: 150, verbose: 1 },
    );
  });
});

describe("hashtags", () => {
  test("are the publisher's topics, joined so that every network links them", () => {
    expect(hashtags(["climate change", "U.N.", "climate change", "2024", "!!", "کەش و هەوا", "天気"], 9)).toEqual([
      "#ClimateChange",
      "#UN",
      "#کەش_و_هەوا",
      "#天気",
    ]);
    expect(hashtags(["a", "b", "c"], 2)).toEqual(["#a", "#b"]);
  });
});

describe("where a link leads", () => {
  const facts = { network: "mastodon", account: "masto-en", lang: "en", source: "front" };
  test("carries the voice's utm and keeps the story's own parameters", () => {
    const voice = { ...PLAIN_VOICE, utm: { source: "{network}", medium: "social" } };
    expect(targetOf("https://example.org/a?id=7", voice, facts)).toBe(
      "https://example.org/a?id=7&utm_source=mastodon&utm_medium=social",
    );
    expect(targetOf("https://example.org/a?utm_source=x", voice, facts)).toBe(
      "https://example.org/a?utm_source=x&utm_medium=social",
    );
  });
});
