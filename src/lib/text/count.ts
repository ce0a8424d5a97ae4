import { EMOJI_ON_X } from "./emoji.ts";
import type { Limits } from "./limits.ts";
import { linksOnMastodon, linksOnX, type Span } from "./links.ts";

// Runs in the browser too: no imports from node.

const GRAPHEMES = new Intl.Segmenter("und", { granularity: "grapheme" });

/**
 * `@user@server`, as Mastodon finds it, where all its versions agree. What only some of them shorten counts whole: a post
 * that seems a little longer than it is can be sent, one that seems shorter is refused.
 */
const REMOTE_MENTION =
  /(?<![=/@\p{L}\p{M}\p{N}_])(@\w+(?:[.-]+\w+)*)@(?=([a-z0-9][a-z0-9_.-]*[a-z0-9_]))\2(?![@＠\xc0-\u024f\u1e00-\u1eff]|:\/\/)/giu;
/** Consonants that a virama joins: one character since Unicode 15.1, two to the servers that count by an older one. */
const CONJUNCT =
  /[\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d\u1039\u17d2\u1a60\u1b44\u1bab\ua9c0\uaaf6\u{10a3f}\u{11133}\u{113d0}\u{1193e}\u{11a47}\u{11a99}\u{11f42}][\p{M}\u200d]*(?=\p{Lo})/gu;

/** The length of `text` as the network counts it, in `limits.unit`s. */
export function lengthOf(text: string, limits: Limits): number {
  switch (limits.unit) {
    case "grapheme":
      return atMostGraphemes(plain(text, limits));
    case "utf16":
      return plain(text, limits).length;
    case "weighted":
      return weighted(text, limits.perLink ?? 23);
    default:
      throw new Error(`Text cannot be counted in "${String(limits.unit)}".`);
  }
}

/** Whether `text` is within `limits.max`, and within `limits.maxBytes` of UTF-8 where there is such a limit. */
export function fits(text: string, limits: Limits): boolean {
  if (limits.maxBytes !== undefined && bytes(text) > limits.maxBytes) return false;
  return lengthOf(text, limits) <= limits.max;
}

/** The length of `text` in UTF-8 bytes. */
function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** How many characters a reader sees. */
export function graphemes(text: string): number {
  let count = 0;
  for (const _ of GRAPHEMES.segment(text)) count++;
  return count;
}

function atMostGraphemes(text: string): number {
  return graphemes(text) + (text.match(CONJUNCT)?.length ?? 0);
}

/** The text as it is counted where a link costs the same whatever its length (Mastodon). */
function plain(text: string, { perLink, shortMentions }: Limits): string {
  const linked = perLink === null ? text : without(text, linksOnMastodon(text)).join("x".repeat(perLink));
  return shortMentions ? linked.replace(REMOTE_MENTION, "$1") : linked;
}

/** twitter-text v3: in NFC a link costs the same whatever its length, an emoji two, letters of most alphabets one, others two. */
function weighted(text: string, perLink: number): number {
  const composed = text.normalize("NFC");
  const links = linksOnX(composed);
  return without(composed, links).reduce((sum, part) => sum + weightOf(part), links.length * perLink);
}

function weightOf(text: string): number {
  let total = 0;
  for (const character of text.replace(EMOJI_ON_X, "字")) total += isLight(character.codePointAt(0)!) ? 1 : 2;
  return total;
}

function isLight(point: number): boolean {
  return (
    point <= 4351 || (point >= 8192 && point <= 8205) || (point >= 8208 && point <= 8223) || (point >= 8242 && point <= 8247)
  );
}

/** What of `text` stands between the spans. */
function without(text: string, spans: readonly Span[]): string[] {
  const ends = [0, ...spans.map(([, end]) => end)];
  return ends.map((from, at) => text.slice(from, spans[at]?.[0]));
}
