import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { contentHash, isTeaser, NOTHING_TOLD } from "../../src/article/article.ts";
import { cleanParagraphs } from "../../src/article/clean.ts";
import { parseDate } from "../../src/article/date.ts";
import { withoutDateline } from "../../src/article/dateline.ts";
import { decode } from "../../src/article/decode.ts";
import { readPage } from "../../src/article/page.ts";
import { readText, storyOf } from "../../src/article/story.ts";
import { summaryOf } from "../../src/article/summary.ts";
import { canonicalUrl, cleanUrl } from "../../src/article/url.ts";

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8");
const LEAD =
  "Helped by a pump lent from a neighbouring town, farmers reopened a two-kilometre stretch of the Khabur canal (KC) and watered their orchards for the first time since spring, two local growers said on Sunday.";
const NOISE =
  /file photo|reporting by|source:|follow us|short link|leave a comment|eleven|related|read also|share on|newsletter|by lina/i;

describe("the agency's article", () => {
  test("as plain text gives its headline and its first sentence, with its attribution and nothing else", async () => {
    const story = await readText(fixture("agency.txt"));
    expect(story.title).toBe("Farmers return to orchards along the Khabur after canal repair");
    expect(summaryOf(story)).toEqual({ first: LEAD, second: null, why: "lead" });
    expect(story.body).toHaveLength(3);
    expect(story.body.join("\n")).not.toMatch(NOISE);
    expect([story.lang, story.dir]).toEqual(["en", "ltr"]);
  });

  test("as a page gives the same, and what the page says of itself", async () => {
    const page = await readPage(fixture("agency.html"), "https://khabur.example/2026/03/orchards/?utm_source=x");
    if (!page.ok) throw new Error(page.why);
    expect(page.story.body.join("\n")).not.toMatch(NOISE);
    expect(summaryOf(page.story).first).toBe(LEAD);
    expect(page.story).toMatchObject({
      title: "Farmers return to orchards along the Khabur after canal repair",
      lang: "en-US",
      canonical: "https://khabur.example/2026/03/orchards/",
      image: { url: "https://khabur.example/photos/apricots.jpg", alt: "Apricot trees in blossom beside a canal" },
      authors: ["Lina Bero"],
      tags: ["Khabur", "Farming"],
      published: "2026-03-01T06:30:00.000Z",
      updated: null,
      paywalled: false,
    });
  });

  const real = `${process.env["TEST_DATA"] ?? ""}/articles/agency-article.txt`;
  test.skipIf(!existsSync(real))("the real one gives exactly its first sentence (needs TEST_DATA)", async () => {
    expect(summaryOf(await readText(readFileSync(real, "utf8")))).toMatchObject({
      first:
        "Backed by a Russian air cover, Syrian army forces recaptured parts of the ancient Palmyra city in central Syria from the radial group of Islamic State (ISIS), local sources reported on Tuesday.",
      second: null,
    });
  });
});

describe("what a page says to X (Ghost's and others' twitter_description)", () => {
  const page = async (twitter: string) => {
    const head = `<title>Bridge</title><meta property="og:description" content="For everybody."><meta name="twitter:description" content="${twitter}">`;
    const read = await readPage(
      `<html><head>${head}</head><body><p>The bridge opens.</p></body></html>`,
      "https://example.org/a",
    );
    if (!read.ok) throw new Error(read.why);
    return read.story;
  };
  test("is kept beside its description, where it says something else", async () => {
    expect(await page("For X.")).toMatchObject({ summary: "For everybody.", described: { x: "For X." } });
    expect((await page("For everybody.")).described).toEqual({});
  });
});

describe("lines that are not the story", () => {
  test.each([
    [
      "en",
      [
        "ISIS militants, Palmyra. File photo",
        "ARA News",
        "By Jane Roe and John Doe",
        "Reporting by: Mir Y.",
        "• Short link :",
        "Share this article",
        "Related articles",
        "eighteen + 13 =",
        "Sign up for our newsletter",
        "Advertisement",
        "Photo: Jane Roe/AFP",
      ],
    ],
    [
      "ar",
      [
        "صورة أرشيفية",
        "المصدر: وكالة",
        "تابعونا على تويتر",
        "الرابط المختصر:",
        "اقرأ أيضا: خبر آخر",
        "إعداد: فلان",
        "شارك المقال",
      ],
    ],
    ["ckb", ["سەرچاوە: ئاژانس", "هەروەها بخوێنەوە", "لینکی کورت:", "ئامادەکردنی: کەسێک", "وێنەی ئەرشیف"]],
    [
      "de",
      [
        "Quelle: dpa",
        "Von Max Muster",
        "Lesen Sie auch: Mehr davon",
        "Kurzlink:",
        "Folgen Sie uns auf X",
        "Foto: dpa",
        "Artikel teilen",
        "Anzeige",
      ],
    ],
    ["ja", ["関連記事", "写真：共同", "シェアする", "出典：通信社", "続きを読む", "短縮URL"]],
  ])("are dropped in %s", (_lang, lines) => {
    const lead = "The council met on Tuesday in the old town hall and agreed on the plan.";
    expect(cleanParagraphs([...lines, lead, ...lines], "A headline")).toEqual([lead]);
  });

  test("a comment form ends the story, in any language", () => {
    for (const form of ["Leave a comment", "اترك تعليقا", "Schreiben Sie einen Kommentar", "コメントを書く", "لێدوانێک بنووسە"]) {
      expect(cleanParagraphs(["The council met on Tuesday.", form, "I think this is a scandal."], "A")).toEqual([
        "The council met on Tuesday.",
      ]);
    }
  });

  test("sentences that only begin alike stay", () => {
    const real = [
      "Source close to the talks said a deal was near.",
      "Share prices fell on Monday.",
      "Related cases were reported in two towns.",
      "Von der Leyen reist am Montag nach Kiew.",
      "By Monday, the water had fallen.",
      "Photo studios closed, and so did the zoo.",
    ];
    expect(cleanParagraphs(real, "A headline")).toEqual(real);
  });

  test("the first paragraph of a Japanese story stays, though it has no full stop", () => {
    const lead = "首相は十日、国会で記者会見を開き、新しい経済対策を年内にまとめる考えを示した";
    expect(cleanParagraphs([lead, "野党は反発している。"], "首相が会見")[0]).toBe(lead);
  });
});

describe("datelines", () => {
  test.each([
    ["QAMISHLI – Backed by rain, farmers came.", "Backed by rain, farmers came."],
    ["QAMISHLI (ARA News) — Backed by rain, farmers came.", "Backed by rain, farmers came."],
    ["BEIRUT, Nov 3 (Reuters) - Farmers came back.", "Farmers came back."],
    ["WASHINGTON, D.C. — Farmers came back.", "Farmers came back."],
    ["القامشلي – قال مسؤولون إن المزارعين عادوا اليوم", "قال مسؤولون إن المزارعين عادوا اليوم"],
    ["قامشلۆ – جووتیاران گەڕانەوە بۆ باخەکانیان لەم هەفتەیەدا", "جووتیاران گەڕانەوە بۆ باخەکانیان لەم هەفتەیەدا"],
    ["BERLIN (dpa) – Der Bundestag hat entschieden.", "Der Bundestag hat entschieden."],
    ["Berlin – Der Bundestag hat heute entschieden.", "Der Bundestag hat heute entschieden."],
    ["【東京】首相は辞任した。", "首相は辞任した。"],
    ["(東京=共同) 首相は昨日辞任した。", "首相は昨日辞任した。"],
  ])("%s", (told, left) => expect(withoutDateline(told)).toBe(left));

  test.each([
    "Merkel – The Chancellor – said it was over now.",
    "NATO-led forces said - on Monday - nothing.",
    "EU-Kommission: Die Lage ist ernst.",
    "U.S. forces said nothing.",
  ])("%s: stays", (text) => expect(withoutDateline(text)).toBe(text));
});

describe("the summary", () => {
  const body = ["The council met on Tuesday in the old town hall.", "It agreed on the plan."];
  const of = (summary: string | null, title = "Council agrees on plan for the river") =>
    summaryOf({ title, summary, body, lang: "en" });
  test("is the publisher's own description where it is usable", () => {
    const description = "After nine hours of debate the council voted for dams, pumps and a new bridge over the river.";
    expect(of(description)).toMatchObject({ first: description, second: null, why: "description" });
  });
  test.each([
    ["cut off", "After nine hours of debate the council voted for dams, pumps and a new …"],
    ["too short", "The plan is agreed."],
    ["only the headline again", "Council agrees on plan for the river, council agrees on the plan for river"],
    ["nothing", null],
  ])("is the first two sentences when the description is %s", (_why, description) => {
    expect(of(description)).toEqual({ first: body[0], second: body[1], why: "lead" });
  });
  test("never invents: a headline alone has none", () => {
    expect(summaryOf({ title: "A", summary: null, body: [], lang: null }).first).toBeNull();
  });
});

describe("addresses, dates, encodings", () => {
  test("one story has one identity, whatever hangs on its address", () => {
    const forms = ["https://Example.org/a/?utm_source=x&fbclid=1#top", "http://example.org:80/a", "https://example.org:443/a/"];
    expect(new Set(forms.map((form) => canonicalUrl(form))).size).toBe(1);
    expect(canonicalUrl("https://example.org/?p=1")).not.toBe(canonicalUrl("https://example.org/?p=2"));
    expect([
      canonicalUrl("javascript:alert(1)"),
      canonicalUrl("/relative"),
      cleanUrl("b?x=1&utm_medium=y", "https://e.org/a/"),
    ]).toEqual([null, null, "https://e.org/a/b?x=1"]);
  });
  test.each([
    ["Tue, 03 Nov 2026 10:00:00 GMT", "2026-11-03T10:00:00.000Z"],
    ["3 Nov 26 10:00 EST", "2026-11-03T15:00:00.000Z"],
    ["Di, 03 März 2026 10:00:00 +0100", "2026-03-03T09:00:00.000Z"],
    ["2026-11-03T10:00:00.5+02:00", "2026-11-03T08:00:00.000Z"],
    ["2026-11-03", "2026-11-03T00:00:00.000Z"],
    ["Tue Nov  3 10:00:00 UTC 2026", "2026-11-03T10:00:00.000Z"],
    ["Thu, 01 Jan 1970 00:00:00 GMT", null],
    ["yesterday", null],
    ["", null],
  ])("%s is %s", (text, iso) => expect(parseDate(text)).toBe(iso));
  test("the encoding is believed where the bytes agree", () => {
    expect(decode(Buffer.from("<?xml version='1.0' encoding='windows-1256'?><t>\xca\xcf\xe3\xd1</t>", "latin1"), null)).toContain(
      "تدمر",
    );
    expect(decode(Buffer.from("تدمر"), "text/xml; charset=iso-8859-1")).toBe("تدمر");
    expect(decode(Buffer.from("caf\xe9", "latin1"), null)).toBe("café");
    expect(decode(Buffer.from("\ufeffhi", "utf16le"), null)).toBe("hi");
  });
  test("a teaser is no story", () => {
    expect([isTeaser("Short."), isTeaser(`${"word ".repeat(200)}[…]`), isTeaser("word ".repeat(200))]).toEqual([
      true,
      true,
      false,
    ]);
  });
  test("the hash changes with what a reader sees, and only then", async () => {
    const story = await storyOf({ ...NOTHING_TOLD, title: "A", html: "<p>The council met on Tuesday.</p>" });
    const styled = await storyOf({
      ...NOTHING_TOLD,
      title: "A",
      html: "<div><p class=x>The council  met on <b>Tuesday</b>.</p></div>",
    });
    const hash = contentHash(story, NOTHING_TOLD);
    expect(contentHash(styled, NOTHING_TOLD)).toBe(hash);
    expect(contentHash({ ...story, title: "B" }, NOTHING_TOLD)).not.toBe(hash);
    expect(contentHash(story, { ...NOTHING_TOLD, social: { default: "Our words" } })).not.toBe(hash);
    expect(contentHash(story, { ...NOTHING_TOLD, spoiler: "Pictures of violence" })).not.toBe(hash);
  });
});
