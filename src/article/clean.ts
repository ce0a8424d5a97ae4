import { cleanText } from "../lib/text/clean.ts";
import { lineKind } from "./boilerplate.ts";

const ENDS = /[.!?…。！？؟۔:：][\s"”’»›」』）)\]]*$/u;
/** Scripts that need no full stop to be a sentence, and few characters to be a paragraph. */
const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
/** Fewer UTF-16 units than this, without an end, before the story begins: an agency's name, a kicker, a byline. */
const SHORT = 60;

/** Whether a paragraph ends as a sentence does. */
export function isEnded(paragraph: string): boolean {
  return ENDS.test(paragraph);
}

/** Whether a paragraph is written in a script where a missing full stop tells nothing. */
export function isDense(paragraph: string): boolean {
  return DENSE.test(paragraph);
}

/**
 * The paragraphs that are the story: no captions, agency and byline lines, "Reporting by", "Source", follow, share and
 * newsletter lines, related links, short links, comment forms and what follows them. Datelines stay (they are the
 * story's own words); `withoutDateline` takes them off where a sentence is chosen.
 */
export function cleanParagraphs(paragraphs: readonly string[], title: string): string[] {
  const kept: string[] = [];
  const headline = cleanText(title).toLowerCase();
  let begun = false;
  for (const raw of paragraphs) {
    const paragraph = cleanText(raw);
    if (paragraph === "" || paragraph.toLowerCase() === headline) continue;
    const kind = lineKind(paragraph);
    if (kind === "comments" && begun) break;
    if (kind !== "story") continue;
    if (!begun && !isEnded(paragraph) && (isDense(paragraph) ? paragraph.length < 12 : paragraph.length < SHORT)) continue;
    begun = true;
    kept.push(paragraph);
  }
  // What signs a story off is no part of it either; a story of nothing but such lines is left as it is.
  while (kept.length > 1 && isSignOff(kept.at(-1)!)) kept.pop();
  return kept.length > 0
    ? kept
    : paragraphs.map(cleanText).filter((paragraph) => paragraph !== "" && lineKind(paragraph) === "story");
}

/** An agency's name, a byline or initials under a story: short, and no sentence. */
function isSignOff(paragraph: string): boolean {
  return !isEnded(paragraph) && !isDense(paragraph) && paragraph.length < SHORT;
}
