import { linksIn } from "./count.ts";
import { sentences } from "./sentences.ts";

const WORDS = new Intl.Segmenter("und", { granularity: "word" });
const GRAPHEMES = new Intl.Segmenter("und", { granularity: "grapheme" });

/**
 * `text`, made short enough: whole sentences where they keep at least a third of what a cut at a word would,
 * else whole words and "…", else whole characters and "…"; empty when not even one fits. Never cuts inside a
 * link or a character (ZWJ sequences, combining marks, surrogates).
 *
 * @param fits whether a candidate fits its place; must hold for every beginning of what it holds for
 * @param lang BCP 47 of the text; null where not known
 */
export function shorten(text: string, fits: (candidate: string) => boolean, lang: string | null = null): string {
  if (fits(text)) return text;
  const byWord = longest(wordEnds(text), (end) => withEllipsis(text.slice(0, end)), fits);
  const bySentence = longest(sentenceEnds(text, lang), (end) => text.slice(0, end).trimEnd(), fits);
  if (bySentence !== "" && bySentence.length * 3 >= byWord.length) return bySentence;
  if (byWord !== "") return byWord;
  return longest(characterEnds(text), (end) => withEllipsis(text.slice(0, end)), fits);
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

function withEllipsis(text: string): string {
  const kept = text.replace(/[\s\p{Pd}\p{Ps}\p{Pi},;:،؛、，；：]+$/u, "");
  return kept === "" ? "" : `${kept.replace(/[.…。۔]+$/u, "")}…`;
}

function wordEnds(text: string): number[] {
  const links = linksIn(text);
  const ends: number[] = [];
  for (const { index, segment, isWordLike } of WORDS.segment(text)) {
    const end = index + segment.length;
    if (isWordLike && !links.some(([start, stop]) => end > start && end < stop)) ends.push(end);
  }
  return ends.concat(links.map(([, stop]) => stop)).toSorted((a, b) => a - b);
}

function characterEnds(text: string): number[] {
  const links = linksIn(text);
  return Array.from(GRAPHEMES.segment(text), ({ index, segment }) => index + segment.length).filter(
    (end) => !links.some(([start, stop]) => end > start && end < stop),
  );
}

function sentenceEnds(text: string, lang: string | null): number[] {
  const ends: number[] = [];
  let from = 0;
  for (const sentence of sentences(text, lang)) {
    const start = text.indexOf(sentence, from);
    if (start < 0) break;
    from = start + sentence.length;
    ends.push(from);
  }
  return ends;
}
