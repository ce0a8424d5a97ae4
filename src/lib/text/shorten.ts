import { opened } from "./bidi.ts";
import { linksIn, linksOnX, namesIn } from "./links.ts";
import { sentences } from "./sentences.ts";

const WORDS = new Intl.Segmenter("und", { granularity: "word" });
const GRAPHEMES = new Intl.Segmenter("und", { granularity: "grapheme" });

/**
 * `text`, made short enough: whole sentences where they keep at least a third of what a cut at a word would,
 * else whole words and "…", else whole characters and "…"; empty when not even one fits. Never cuts inside a
 * link, a hashtag, a mention or a character (ZWJ sequences, combining marks, surrogates, flags); bidi isolates and
 * embeddings that the cut would leave open are closed, and no joiner or opening quotation mark is left at the end.
 *
 * @param fits whether a candidate fits its place; must hold for every beginning of what it holds for
 * @param lang BCP 47 of the text; null where not known
 */
export function shorten(text: string, fits: (candidate: string) => boolean, lang: string | null = null): string {
  if (fits(text)) return text;
  const places = placesIn(text);
  const byWord = longest(wordEnds(text, places), (end) => withEllipsis(text, end, places), fits);
  const bySentence = longest(sentenceEnds(text, lang, places), (end) => closed(text.slice(0, end), places), fits);
  if (bySentence !== "" && bySentence.length * 3 >= byWord.length) return bySentence;
  if (byWord !== "") return byWord;
  return longest(places.ends, (end) => withEllipsis(text, end, places), fits);
}

/** Where a text may be cut. */
interface Places {
  /** Ends of characters, but none inside a link or a name. */
  readonly ends: readonly number[];
  readonly allowed: ReadonlySet<number>;
  readonly linkEnds: ReadonlySet<number>;
}

function placesIn(text: string): Places {
  const links = [...linksIn(text), ...linksOnX(text)];
  const whole = [...links, ...namesIn(text)];
  const ends = Array.from(GRAPHEMES.segment(text), ({ index, segment }) => index + segment.length).filter(
    (end) => !whole.some(([start, stop]) => end > start && end < stop),
  );
  return { ends, allowed: new Set(ends), linkEnds: new Set(links.map(([, stop]) => stop)) };
}

/** The longest candidate that fits, by bisection; empty when none does. */
function longest(ends: readonly number[], candidate: (end: number) => string, fits: (candidate: string) => boolean): string {
  let best = "";
  let low = 0;
  let high = ends.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const attempt = candidate(ends[middle]!);
    if (attempt !== "" && fits(attempt)) {
      best = attempt;
      low = middle + 1;
    } else high = middle - 1;
  }
  return best;
}

/** What stands oddly before "…": space, dashes, opening brackets, commas, full stops, and bidi controls that open or close nothing seen. */
const ODD = /^[\s\p{Pd}\p{Ps}\p{Pi},;:.…،؛、，；：。۔\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]+$/u;
/** Quotation marks that open where white space or nothing stands before them. */
const QUOTE = /^["'’»«“”„‚‘‹›＂]$/u;

/** The text up to `end` or a little before, and "…". */
function withEllipsis(text: string, end: number, places: Places): string {
  const { ends, linkEnds } = places;
  let at = ends.indexOf(end);
  for (; at >= 0 && !linkEnds.has(ends[at]!); at--) {
    const before = text.slice(0, ends[at - 1] ?? 0);
    const last = text.slice(before.length, ends[at]);
    if (!ODD.test(last) && !(QUOTE.test(last) && /(?:^|\s)$/.test(before))) break;
  }
  return closed(text.slice(0, ends[at] ?? 0), places, "…");
}

/** A link keeps a space from what follows: some networks take any sign as the link's own. */
function closed(text: string, { linkEnds }: Places, ellipsis = ""): string {
  const kept = text.replace(/[\u200c\u200d]+$/, "");
  if (kept === "") return "";
  const tail = ellipsis + opened(kept);
  return tail !== "" && linkEnds.has(kept.length) ? `${kept} ${tail}` : kept + tail;
}

function wordEnds(text: string, { allowed, linkEnds }: Places): number[] {
  const ends = Array.from(WORDS.segment(text), ({ index, segment, isWordLike }) => (isWordLike ? index + segment.length : 0));
  return [...new Set([...ends, ...linkEnds])].filter((end) => allowed.has(end)).toSorted((a, b) => a - b);
}

/** The ends of sentences, but for those inside a quotation that goes on. */
function sentenceEnds(text: string, lang: string | null, { allowed }: Places): number[] {
  const ends: number[] = [];
  let from = 0;
  for (const sentence of sentences(text, lang)) {
    const start = text.indexOf(sentence, from);
    if (start < 0) break;
    from = start + sentence.length;
    if (allowed.has(from) && !quotes(text.slice(0, from))) ends.push(from);
  }
  return ends;
}

const CLOSING: Readonly<Record<string, string>> = { "“": "”", "„": "“”", "«": "»", "»": "«", '"': '"' };

/** Whether a quotation is open at the end of `text`. */
function quotes(text: string): boolean {
  const open: string[] = [];
  for (const [mark] of text.matchAll(/[“”„«»]|(?<![\p{L}\p{N}])"|"(?![\p{L}\p{N}])/gu)) {
    if (CLOSING[open.at(-1) ?? ""]?.includes(mark)) open.pop();
    else if (mark in CLOSING) open.push(mark);
  }
  return open.length > 0;
}
