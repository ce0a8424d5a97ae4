import { moreOf, summaryOf, type Summary } from "../article/summary.ts";
import { canonicalUrl } from "../article/url.ts";
import { cleanLines } from "../lib/text/clean.ts";
import { lengthOf } from "../lib/text/count.ts";
import { dirOf } from "../lib/text/direction.ts";
import { languageOf } from "../lib/text/language.ts";
import type { Limits } from "../lib/text/limits.ts";
import { linksIn } from "../lib/text/links.ts";
import { correctionIn } from "./correction.ts";
import type { Occasion } from "./post.ts";
import { hashtags, write, writePart, type Voice } from "./write.ts";

/** As much of a story as its posts are written from. */
export interface Told {
  readonly url: string;
  readonly title: string;
  readonly summary: string | null;
  readonly body: readonly string[];
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl" | null;
  readonly tags: readonly string[];
  /** A journalist's own words in the CMS, by network; `default` is for all. */
  readonly social: Readonly<Record<string, string>>;
  /** What the page says of itself to one network, by network. */
  readonly described: Readonly<Record<string, string>>;
  /** A warning before the text. */
  readonly spoiler: string | null;
}

/** Where a post will stand. */
export interface Place {
  readonly network: string;
  readonly voice: Voice;
  readonly limits: Limits;
  /** Its short link; null for a post without one. */
  readonly link: string | null;
  /** Without it, the first. */
  readonly occasion?: Occasion;
  /** Which reshare, or which correction. */
  readonly round?: number;
}

export interface PostText {
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly tags: readonly string[];
  /** The warning that stands in a field of its own; null where there is none, or it is part of the text. */
  readonly spoiler: string | null;
  /** Where its words come from, and what gave way. */
  readonly why: readonly string[];
}

/**
 * What a voice makes of a story within a network's limits. A journalist's own words for the network stand in place of
 * headline and summary; else the page's words for it, its description, or the story's first sentence say what it is about.
 */
export async function textOf(story: Told, place: Place): Promise<PostText> {
  const { network, voice, limits, link } = place;
  const own = ownWords(story, network);
  const summary = own === null ? summaryFor(story, place) : { first: null, second: null, why: "social" };
  const lang = own === null ? story.lang : await languageOf(own, story.lang);
  const tags = hashtags(story.tags, voice.tags).filter((tag) => !own?.toLowerCase().includes(tag.toLowerCase()));
  // A network without a field for it shows the warning as the first words.
  const field = limits.spoiler ? story.spoiler : null;
  const before = story.spoiler === null || limits.spoiler ? "" : "{spoiler}\n\n";
  const room = { ...limits, max: limits.max - (field === null ? 0 : lengthOf(field, limits)) };
  const template = before + templateOf(voice, place, story.lang);
  const headed = template.includes("{headline}");
  const dir = own === null ? (story.dir ?? "ltr") : dirOf(lang, own);
  const written = write(
    {
      headline: own !== null && headed ? own : story.title,
      first: own !== null && !headed ? own : summary.first,
      second: summary.second,
      spoiler: story.spoiler,
      link: link ?? "",
      tags,
      lang,
      dir,
    },
    { ...voice, text: template },
    room,
  );
  return {
    text: written.text,
    lang,
    dir,
    tags: tags.filter((tag) => written.text.includes(tag)),
    spoiler: field,
    why: [summary.why, ...written.why],
  };
}

/**
 * The words a journalist wrote for this network, else for all; null when there are none. The story's own address is
 * taken out of them: the post's short link stands in its place.
 */
function ownWords(story: Told, network: string): string | null {
  const written = cleanLines(story.social[network] ?? story.social["default"] ?? "");
  const own = canonicalUrl(story.url);
  const words = linksIn(written)
    .toReversed()
    .filter(([start, end]) => canonicalUrl(written.slice(start, end)) === own)
    .reduce((text, [start, end]) => text.slice(0, start) + text.slice(end), written);
  return cleanLines(words) || null;
}

function summaryFor(story: Told, { network, occasion, round = 1 }: Place): Summary {
  const told = story.described[network];
  const described = told === undefined ? undefined : summaryOf({ ...story, summary: told, body: [] });
  const usual: Summary = described?.why === "description" ? { ...described, why: "described" } : summaryOf(story);
  if (occasion !== "reshare") return usual;
  const next = moreOf(story, [usual.first, usual.second].join(" "))[round - 1];
  return next === undefined ? usual : { first: next, second: null, why: "the story's next sentence" };
}

/** A voice's text for an occasion, with or without a link. */
function templateOf(voice: Voice, { link, occasion = "first" }: Place, lang: string | null): string {
  const own = occasion === "first" ? undefined : occasion === "reshare" ? voice.reshare : correctionIn(lang, voice.correction);
  if (link !== null) return own ?? voice.text;
  return (own ?? voice.textWithoutLink ?? voice.text).replaceAll("{link}", "");
}

/** Whether a voice's first part has the link, as it usually does; else one of the others has. */
function linksFirst(voice: Voice): boolean {
  return voice.text.includes("{link}");
}

/** One part of a thread, with the short link that stands in it. */
export interface PartText extends PostText {
  readonly link: string | null;
}

/**
 * A post and, where its voice writes threads and the story has more to tell, the parts that follow it. A journalist's own
 * words stand alone: they said what is to be said. Reshares and corrections are single posts.
 *
 * @param linkFor makes the link of a part; null for an account that posts without
 */
export async function threadOf(
  story: Told,
  place: Omit<Place, "link">,
  linkFor: (part: number) => Promise<string | null>,
): Promise<[PartText, ...PartText[]]> {
  const { voice, occasion = "first", limits } = place;
  const link = occasion !== "first" || linksFirst(voice) ? await linkFor(1) : null;
  const first = await textOf(story, { ...place, link });
  const parts: [PartText, ...PartText[]] = [{ ...first, link }];
  if (occasion !== "first" || first.why[0] === "social") return parts;
  let rest = moreOf(story, first.text);
  const room = { ...limits, max: limits.max - (first.spoiler === null ? 0 : lengthOf(first.spoiler, limits)) };
  for (const template of voice.parts ?? []) {
    if (rest.length === 0) break;
    const own = template.includes("{link}") ? await linkFor(parts.length + 1) : null;
    const pieces = {
      headline: story.title,
      first: null,
      second: null,
      link: own ?? "",
      tags: [],
      lang: first.lang,
      dir: first.dir,
    };
    const { text, used, why } = writePart(template, pieces, rest, room);
    rest = rest.slice(used);
    parts.push({ text, lang: first.lang, dir: first.dir, tags: [], spoiler: first.spoiler, why, link: own });
  }
  return parts;
}
