import { labelLength } from "./punycode.ts";
import { topLevelDomains } from "./tlds.ts";

// Runs in the browser too: no imports from node.

/** Where something stands in a text, as [start, end) in UTF-16 units. */
export type Span = [start: number, end: number];

// The grammar of twitter-text 3.1.0, which X links and counts by. Mastodon changed what may follow the domain.
const NO_TEXT = "\\uFFFE\\uFEFF\\uFFFF";
const MARKS = "\\u202A-\\u202E\\u061C\\u200E\\u200F\\u2066-\\u2069";
const SPACES = "\\t-\\r \\x85\\xA0\\u1680\\u180E\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000";
const ACCENTED =
  "\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u024F\\u0253\\u0254\\u0256\\u0257\\u0259\\u025B\\u0263\\u0268\\u026F\\u0272\\u0289\\u028B\\u02BB\\u0300-\\u036F\\u1E00-\\u1EFF";
const NO_DOMAIN = `!'#%&()*+,\\\\./:;<=>?@[\\]\\^{|}~$${SPACES}${NO_TEXT}${MARKS}`;
const LETTER = `[^_\\-${NO_DOMAIN}]`;
const ENDING = `(?:(?:${topLevelDomains()})(?=[^0-9a-zA-Z@+-]|$)|xn--[-0-9a-z]+)`;
// Bounds far beyond DNS's own, so that no text takes long. What reaches them is no link (see isReal).
const DOMAIN = `(?:${LETTER}(?:[^${NO_DOMAIN}]{0,998}${LETTER})?\\.){0,126}${LETTER}(?:[^_${NO_DOMAIN}]{0,998}${LETTER})?\\.${ENDING}`;

type Ending = "in-brackets" | "not-in-brackets";

/** @param ending whether a path may end in brackets that something stands before */
const grammar = (
  inPath: string,
  atEnd: string,
  ending: Ending,
  other: string,
  inQuery: string,
  queryEnd: string,
  flags: string,
) => {
  const brackets = `\\((?:${inPath}+|${inPath}*\\(${inPath}+\\)${inPath}*)\\)`;
  const path = `(?:${inPath}*(?:${brackets}${inPath}*)*(?:${atEnd}${ending === "in-brackets" ? `|${brackets}` : ""})|${brackets}|${other}${inPath}+/)`;
  return new RegExp(
    `(?<before>[^A-Za-z0-9@＠$#＃${NO_TEXT}]|^)(?<link>(?<scheme>https?://)?(?<domain>${DOMAIN})(?::[0-9]+)?(?<path>/${path}*)?(?:\\?${inQuery}*${queryEnd})?)`,
    flags,
  );
};

const X_LETTERS = `a-z\\u0400-\\u04FF0-9${ACCENTED}`;
const X_IN_QUERY = "[a-z0-9!?*'@();:&=+$/%#[\\]\\-_.,~|]";
const X_QUERY_END = "[a-z0-9\\-_&=#/]";
const X_LINK = grammar(
  `[${X_LETTERS}!*';:=+,.$/%#[\\]\\-\\u2013_~@|&]`,
  `[${X_LETTERS}+\\-=_#/]`,
  "not-in-brackets",
  "@",
  X_IN_QUERY,
  X_QUERY_END,
  "gi",
);
const X_BARE_DOMAIN = new RegExp(`(?:[-a-z0-9${ACCENTED}]+\\.)+${ENDING}`, "gi");
/** X's own short links are cut where their code ends. */
const X_SHORT_LINK = new RegExp(`^https?://t\\.co/([a-z0-9]+)(?:\\?${X_IN_QUERY}*${X_QUERY_END})?`, "i");

const BEYOND_LATIN = "\\u{A0}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFEF}\\u{10000}-\\u{10FFFD}";
const MASTODON_LINK = grammar(
  "[^\\p{White_Space}<>()?]",
  "[^\\p{White_Space}()?!*\"'「」<>;:=,.$%\\[\\]~&|@]",
  "in-brackets",
  "",
  `[a-z0-9!?*'();:&=+$/%#\\[\\]\\-_.,~|@\\^${BEYOND_LATIN}]`,
  `[a-z0-9_&=#/\\-${BEYOND_LATIN}]`,
  "giu",
);

const LONGEST_LINK = 4_096;
const LONGEST_LABEL = 63;
const MOST_LABELS = 127;
const LONGEST_SHORT_CODE = 40;

/** http(s) links with a real-looking host. Networks see no link in `http://localhost:3001/x`, so neither do we. */
const LINK =
  /https?:\/\/(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,}(?::\d{1,5})?(?:[/?#][^\s<>"“”«»、。，！？]*)?/giu;

/** Links as a reader sees them, for networks that are told where links stand; punctuation that ends a sentence is not part of one. */
export function linksIn(text: string): Span[] {
  return [...text.matchAll(LINK)].map((match) => [match.index, match.index + withoutTail(match[0]).length]);
}

/** A link does not end in punctuation, nor in a bracket it did not open. */
function withoutTail(link: string): string {
  let end = link.length;
  for (; end > 0; end--) {
    const last = link[end - 1]!;
    if (/[.,;:!?'’…*_~،؛؟\u200e\u200f\u2066-\u2069\u202a-\u202e]/.test(last)) continue;
    const opener = { ")": "(", "]": "[", "}": "{" }[last];
    if (opener === undefined || link.slice(0, end).split(opener).length >= link.slice(0, end).split(last).length) break;
  }
  return link.slice(0, end);
}

/** Hashtags and mentions, also of a user on another server. */
export function namesIn(text: string): Span[] {
  const names = text.matchAll(/(?<![\p{L}\p{M}\p{N}_])[#@＃＠][\p{L}\p{M}\p{N}_\u200c]+(?:[@.-]+[\p{L}\p{M}\p{N}_]+)*/gu);
  return Array.from(names, ({ index, 0: name }) => [index, index + name.length]);
}

/** Links as X finds them: with and without a scheme, each with what X takes as its own. */
export function linksOnX(text: string): Span[] {
  return linksBy(X_LINK, text, ({ before, link, scheme, domain, path }, start) => {
    if (scheme) return [[start, start + link.length]];
    if (/[-_./]$/.test(before)) return [];
    // Without a scheme only the domain's Latin part is linked; a path belongs to the last such part.
    const bare = [...domain.matchAll(X_BARE_DOMAIN)].map((found): Span => [
      start + found.index,
      start + found.index + found[0].length,
    ]);
    const last = bare.at(-1);
    if (last && path) last[1] += link.length - domain.length;
    return bare;
  });
}

/** Links as Mastodon finds them: with a scheme only, but with any letters in their path. */
export function linksOnMastodon(text: string): Span[] {
  return linksBy(MASTODON_LINK, text, ({ link, scheme }, start) => (scheme ? [[start, start + link.length]] : []));
}

interface Found {
  readonly before: string;
  readonly link: string;
  readonly scheme: string | undefined;
  readonly domain: string;
  readonly path: string | undefined;
}

function linksBy(grammar: RegExp, text: string, spans: (found: Found, start: number) => Span[]): Span[] {
  if (!text.includes(".")) return [];
  return [...text.matchAll(grammar)].flatMap((match) => {
    const found = match.groups as unknown as Found;
    if (!isReal(found)) return [];
    const start = match.index + found.before.length;
    const short = found.scheme ? X_SHORT_LINK.exec(found.link) : null;
    if (!short) return spans(found, start);
    return short[1]!.length > LONGEST_SHORT_CODE ? [] : [[start, start + short[0].length]];
  });
}

/** Whether DNS could carry the domain, and the whole is short enough to be linked. */
function isReal({ link, scheme, domain }: Found): boolean {
  if (domain.startsWith("xn--") && !domain.match(X_BARE_DOMAIN)) return false;
  if (link.length + (scheme ?? "https://").length > LONGEST_LINK) return false;
  const labels = domain.split(".");
  return labels.length <= MOST_LABELS && labels.every((label) => labelLength(label) <= LONGEST_LABEL);
}
