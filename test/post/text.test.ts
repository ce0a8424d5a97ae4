import { describe, expect, test } from "vitest";
import { lengthOf } from "../../src/lib/text/count.ts";
import type { Limits } from "../../src/lib/text/limits.ts";
import { textOf, type Told } from "../../src/post/text.ts";
import { PLAIN_VOICE, type Voice } from "../../src/post/write.ts";

const MASTODON: Limits = { max: 500, unit: "grapheme", perLink: 23, shortMentions: true, spoiler: true };
const X: Limits = { max: 280, unit: "weighted", perLink: 23 };
const LINK = "https://go.example.org/abcd2345";
const STORY: Told = {
  url: "https://example.org/bridge",
  title: "Council opens the old bridge",
  summary: "The bridge over the river, closed since the flood of last spring, opens on Monday.",
  body: ["The old bridge opens on Monday, the council said on Tuesday."],
  lang: "en",
  dir: "ltr",
  tags: ["Bridge"],
  social: {},
  described: {},
  spoiler: null,
};

const on = (network: string, limits: Limits, more: { voice?: Voice; link?: string | null } = {}) => ({
  network,
  limits,
  voice: PLAIN_VOICE,
  link: LINK,
  ...more,
});

describe("what a journalist wrote for the networks", () => {
  test("stands in place of headline and summary, with the short link and the tags", async () => {
    const social = { default: "We can cross again! The old bridge is back." };
    const post = await textOf({ ...STORY, social }, on("mastodon", MASTODON));
    expect(post.text).toBe(`We can cross again! The old bridge is back.\n\n${LINK} #Bridge`);
    expect(post.why[0]).toBe("social");
  });

  test("for one network beats what was written for all", async () => {
    const social = { default: "For everybody.", x: "For X alone." };
    expect((await textOf({ ...STORY, social }, on("x", X))).text).toContain("For X alone.");
    expect((await textOf({ ...STORY, social }, on("mastodon", MASTODON))).text).toContain("For everybody.");
  });

  test("loses the story's own address, which the short link stands for, and keeps others", async () => {
    const social = { default: "Read it: https://example.org/bridge/?utm_source=cms and https://river.example/level" };
    const { text } = await textOf({ ...STORY, social }, on("mastodon", MASTODON));
    expect(text).not.toContain("example.org/bridge");
    expect(text).toContain("https://river.example/level");
    expect(text.split(LINK)).toHaveLength(2);
  });

  test("is not given a hashtag it has already, and none of its braces is filled", async () => {
    const { text } = await textOf(
      { ...STORY, social: { default: "The #bridge is back {link} {headline}" } },
      on("mastodon", MASTODON),
    );
    expect(text).toBe(`The #bridge is back {link} {headline}\n\n${LINK}`);
  });

  test("too long, is shortened to fit, and its link stays", async () => {
    const { text } = await textOf({ ...STORY, social: { x: "The bridge is back. ".repeat(40) } }, on("x", X));
    expect(lengthOf(text, X)).toBeLessThanOrEqual(280);
    expect(text).toContain(LINK);
  });

  test("in another language than the story's has that language and direction", async () => {
    const social = { default: "أعيد فتح الجسر القديم يوم الاثنين بعد عام من إغلاقه بسبب الفيضان، وفق ما أعلن المجلس." };
    expect(await textOf({ ...STORY, social }, on("mastodon", MASTODON))).toMatchObject({ lang: "ar", dir: "rtl" });
  });

  test("white space alone is nothing written", async () => {
    expect((await textOf({ ...STORY, social: { default: " \n " } }, on("mastodon", MASTODON))).text).toContain("Council opens");
  });
});

describe("the page's own words for X (twitter:description)", () => {
  const described = { x: "Open again on Monday: the bridge that the flood of last spring had closed to all." };
  test("say on X what it is about", async () => {
    const post = await textOf({ ...STORY, described }, on("x", X));
    expect(post.text).toContain("Open again on Monday");
    expect(post.text).toContain("Council opens the old bridge");
    expect(post.why[0]).toBe("described");
  });
  test("say nothing elsewhere, and nothing when they are cut off", async () => {
    expect((await textOf({ ...STORY, described }, on("mastodon", MASTODON))).why[0]).toBe("description");
    const cut = { x: "Open again on Monday: the bridge that the flood of last spring had …" };
    expect((await textOf({ ...STORY, described: cut }, on("x", X))).why[0]).toBe("description");
  });
});

describe("a warning", () => {
  const warned = { ...STORY, spoiler: "Pictures of the {flood}" };
  test("has its own field on Mastodon, and counts", async () => {
    const full = { ...MASTODON, max: lengthOf((await textOf(STORY, on("mastodon", MASTODON))).text, MASTODON) };
    const post = await textOf(warned, on("mastodon", full));
    expect(post.spoiler).toBe("Pictures of the {flood}");
    expect(lengthOf(post.text, full) + lengthOf(post.spoiler!, full)).toBeLessThanOrEqual(full.max);
  });
  test("comes first in the text where the network has no field for it", async () => {
    const post = await textOf(warned, on("x", X));
    expect(post.spoiler).toBeNull();
    expect(post.text).toMatch(/^Pictures of the \{flood\}\n\nCouncil opens/);
  });
});

describe("a post without a link", () => {
  test("is the voice's text without it, or the voice's own for that", async () => {
    const { text } = await textOf(STORY, on("x", X, { link: null }));
    expect(text).toMatch(/^Council opens the old bridge\n\nThe bridge over.*Monday\.\n\n#Bridge$/s);
    const voice = { ...PLAIN_VOICE, textWithoutLink: "{headline}. More on our page." };
    expect((await textOf(STORY, on("x", X, { link: null, voice }))).text).toBe("Council opens the old bridge. More on our page.");
  });
});
