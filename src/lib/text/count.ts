import { Fault } from "../fault.ts";
import type { Limits } from "./limits.ts";

// Runs in the browser too: no imports from node.

const GRAPHEMES = new Intl.Segmenter("und", { granularity: "grapheme" });

/** http(s) links with a real-looking host. Networks see no link in `http://localhost:3001/x`, so neither do we. */
const LINK =
  /https?:\/\/(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,}(?::\d{1,5})?(?:[/?#][^\s<>"“”«»、。，！？]*)?/giu;
/** X also links `example.org/x` without its scheme. Without a list of all top-level domains this finds too many, never too few. */
const BARE_LINK = /(?<![\p{L}\p{N}@._/-])(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[a-z]{2,}(?:\/[^\s<>"“”«»]*)?/giu;
/** `@user@domain`, as Mastodon's composer finds it. */
const REMOTE_MENTION = /(?<![/\p{L}\p{N}_@])(@\w+(?:[.-]\w+)*)@[a-z0-9](?:[a-z0-9.:-]*[a-z0-9])?/giu;

/** Where links stand in `text`, as [start, end) in UTF-16 units; punctuation that ends a sentence is not part of one. */
export function linksIn(text: string): [number, number][] {
  return [...text.matchAll(LINK)].map((match) => [match.index, match.index + withoutTail(match[0]).length]);
}

/** A link does not end in punctuation, nor in a bracket it did not open. */
function withoutTail(link: string): string {
  let end = link.length;
  for (; end > 0; end--) {
    const last = link[end - 1]!;
    if (/[.,;:!?'’…*_~]/.test(last)) continue;
    const opener = { ")": "(", "]": "[", "}": "{" }[last];
    if (opener === undefined || link.slice(0, end).split(opener).length >= link.slice(0, end).split(last).length) break;
  }
  return link.slice(0, end);
}

/** The length of `text` as the network counts it, in `limits.unit`s. */
export function lengthOf(text: string, limits: Limits): number {
  const plain = limits.shortMentions ? text.replace(REMOTE_MENTION, "$1") : text;
  switch (limits.unit) {
    case "grapheme":
      return linked(plain, limits.perLink, graphemes);
    case "utf16":
      return linked(plain, limits.perLink, (part) => part.length);
    case "weighted":
      return weighted(plain, limits.perLink ?? 23);
    default:
      throw new Fault("UNIT_UNKNOWN", `Text cannot be counted in "${String(limits.unit)}".`, { unit: limits.unit });
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

function linked(text: string, perLink: number | null, count: (part: string) => number): number {
  if (perLink === null) return count(text);
  let total = 0;
  let from = 0;
  for (const [start, end] of linksIn(text)) {
    total += count(text.slice(from, start)) + perLink;
    from = end;
  }
  return total + count(text.slice(from));
}

/** twitter-text v3: code points in these ranges cost one, others two; an emoji sequence two; a link 23. Text is counted in NFC. */
function weighted(text: string, perLink: number): number {
  const composed = text.normalize("NFC");
  let total = 0;
  let from = 0;
  for (const [start, end] of linksIn(composed)) {
    total += weightedBare(composed.slice(from, start), perLink) + perLink;
    from = end;
  }
  return total + weightedBare(composed.slice(from), perLink);
}

function weightedBare(text: string, perLink: number): number {
  let total = 0;
  let from = 0;
  for (const match of text.matchAll(BARE_LINK)) {
    const link = withoutTail(match[0]);
    total += weightedPlain(text.slice(from, match.index)) + Math.max(perLink, weightedPlain(link));
    from = match.index + link.length;
  }
  return total + weightedPlain(text.slice(from));
}

function weightedPlain(text: string): number {
  let total = 0;
  for (const character of text.replace(/\p{RGI_Emoji}/gv, "字")) total += isLight(character.codePointAt(0)!) ? 1 : 2;
  return total;
}

function isLight(point: number): boolean {
  return (
    point <= 4351 || (point >= 8192 && point <= 8205) || (point >= 8208 && point <= 8223) || (point >= 8242 && point <= 8247)
  );
}
