import { directed } from "../lib/text/bidi.ts";
import type { Direction } from "../lib/text/direction.ts";
import { fits, graphemes, lengthOf } from "../lib/text/count.ts";
import type { Limits } from "../lib/text/limits.ts";
import { shorten } from "../lib/text/shorten.ts";

/** How an account's posts are written (newsroom.yaml, `voices`). */
export interface Voice {
  /** With {headline}, {summary}, {link} and {tags}. */
  readonly text: string;
  /** As `text`, for accounts that post without a link; without it, `text` without its {link}. */
  readonly textWithoutLink?: string | undefined;
  /**
   * Further parts of a thread, one text each, with {more}: whole sentences of the story that follow what was said. A part
   * with {link} has a short link of its own; parts for which the story has no more sentences are not written.
   */
  readonly parts?: readonly string[] | undefined;
  /** When the story is shared again, in place of `text`, whose {summary} then is the story's next sentence. */
  readonly reshare?: string | undefined;
  /** When a posted story is corrected; {correction} is the word for it in the story's language. */
  readonly correction?: string | undefined;
  /** What gives way first when the post is too long. The headline is shortened last; the link never. */
  readonly giveWay: readonly ("tags" | "summary.second" | "summary")[];
  /** How many hashtags at most. */
  readonly tags: number;
  readonly utm?: Readonly<Record<string, string | undefined>> | undefined;
}

export const PLAIN_VOICE: Voice = {
  text: "{headline}\n\n{summary}\n\n{link} {tags}",
  giveWay: ["tags", "summary.second", "summary"],
  tags: 2,
};

/** What a post is made of. */
export interface Pieces {
  readonly headline: string;
  readonly first: string | null;
  readonly second: string | null;
  /** A warning that stands before the text; null for none, or where it has a field of its own. */
  readonly spoiler?: string | null;
  /** What a thread goes on with: whole sentences. */
  readonly more?: string;
  /** Empty for a post without a link. */
  readonly link: string;
  readonly tags: readonly string[];
  readonly lang: string | null;
  readonly dir: Direction;
}

export interface Written {
  readonly text: string;
  /** What was done to the pieces so that they fit, for whoever wonders. */
  readonly why: readonly string[];
}

/** A summary shorter than this (graphemes) tells nothing; it goes rather than stand cut. */
const SHORTEST_SUMMARY = 40;

/** Writes a post in a voice within a network's limits: pieces give way in the voice's order until it fits. */
export function write(pieces: Pieces, voice: Voice, limits: Limits): Written {
  let now: Pieces = { ...pieces, tags: pieces.tags.slice(0, voice.tags) };
  const why: string[] = [];
  const done = () => fits(fill(voice.text, now), limits);
  for (const step of voice.giveWay) {
    if (done()) break;
    const before = now;
    if (step === "tags") while (now.tags.length > 0 && !done()) now = { ...now, tags: now.tags.slice(0, -1) };
    if (step === "summary.second") now = { ...now, second: null };
    if (step === "summary") now = { ...now, ...shorterSummary(now, voice, limits) };
    if (now.tags !== before.tags) why.push("fewer tags");
    if (now.second !== before.second) why.push("without the second sentence");
    if (now.first !== before.first) why.push(now.first === null ? "without the summary" : "a shorter summary");
  }
  if (!done()) {
    const headline = shorten(
      now.headline,
      (candidate) => fits(fill(voice.text, { ...now, headline: candidate }), limits),
      now.lang,
    );
    now = { ...now, headline };
    why.push("a shorter headline");
  }
  const text = fill(voice.text, now);
  return { text, why: [...why, `${lengthOf(text, limits)} of ${limits.max}`] };
}

/**
 * Writes a part of a thread: as many whole sentences as fit, at least one, which is shortened where it must be.
 *
 * @param rest the sentences that are left, at least one
 */
export function writePart(
  template: string,
  pieces: Pieces,
  rest: readonly string[],
  limits: Limits,
): Written & { readonly used: number } {
  const space = pieces.lang?.startsWith("ja") ? "" : " ";
  const filled = (more: string) => fill(template, { ...pieces, more });
  let used = 1;
  while (used < rest.length && fits(filled(rest.slice(0, used + 1).join(space)), limits)) used += 1;
  const more = shorten(rest.slice(0, used).join(space), (candidate) => fits(filled(candidate), limits), pieces.lang);
  const text = filled(more);
  return { text, used, why: ["the story goes on", `${lengthOf(text, limits)} of ${limits.max}`] };
}

function shorterSummary(now: Pieces, voice: Voice, limits: Limits): Pick<Pieces, "first" | "second"> {
  if (now.first === null) return { first: null, second: null };
  const first = shorten(
    now.first,
    (candidate) => fits(fill(voice.text, { ...now, first: candidate, second: null }), limits),
    now.lang,
  );
  return { first: graphemes(first) < Math.min(SHORTEST_SUMMARY, graphemes(now.first)) ? null : first, second: null };
}

/** Fills a voice's text; what a missing piece leaves behind is tidied. Pieces are text: nothing in them is filled again. */
function fill(template: string, pieces: Pieces): string {
  const values: Record<string, string> = {
    headline: pieces.headline,
    summary: [pieces.first, pieces.second].filter((sentence) => sentence !== null).join(pieces.lang?.startsWith("ja") ? "" : " "),
    more: pieces.more ?? "",
    spoiler: pieces.spoiler ?? "",
    link: pieces.link,
    tags: pieces.tags.join(" "),
  };
  const filled = template
    .replace(/\{(spoiler|headline|summary|more|link|tags)\}/g, (_, name: string) => values[name] ?? "")
    .split("\n")
    .map((line) => line.replace(/[ \t]{2,}/g, " ").trim())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  return directed(filled, pieces.dir);
}

/**
 * Hashtags from the publisher's own topics: letters and digits only, words joined, so that every network links them.
 * Topics that are no word or too long for a tag are left out; none is invented.
 *
 * @param most how many at most
 */
export function hashtags(topics: readonly string[], most: number): string[] {
  const found = new Map<string, string>();
  for (const topic of topics) {
    const words = topic.normalize("NFC").match(/[\p{L}\p{M}\p{N}\u200c]+/gu) ?? [];
    const cased = words.some((word) => word.toLowerCase() !== word.toUpperCase());
    const name = words.length < 2 ? (words[0] ?? "") : cased ? words.map(capitalised).join("") : words.join("_");
    if (!/\p{L}/u.test(name) || graphemes(name) > 30) continue;
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), `#${name}`);
  }
  return [...found.values()].slice(0, most);
}

function capitalised(word: string): string {
  const [first = ""] = word;
  return first.toUpperCase() + word.slice(first.length);
}
