import { graphemes } from "../lib/text/count.ts";
import { sentences } from "../lib/text/sentences.ts";
import type { Story } from "./article.ts";
import { lineKind } from "./boilerplate.ts";
import { isDense, isEnded } from "./clean.ts";
import { withoutDateline } from "./dateline.ts";

/** What may stand under the headline of a post. */
export interface Summary {
  /** One whole sentence (or the publisher's own description); null when the story has none. */
  readonly first: string | null;
  /** The next whole sentence, only when both together are within the budget. */
  readonly second: string | null;
  /** Where they come from. */
  readonly why: string;
}

/** In graphemes: what editors' own descriptions rarely exceed. */
const BUDGET = 230;
const SHORTEST_DESCRIPTION = 60;
const SHORTEST_DENSE_DESCRIPTION = 25;
/** A sentence that says so much of what the headline said adds nothing. */
const TOO_ALIKE = 0.85;
const CUT_OFF = /(?:…|\.{3}|\[\s*(?:…|\.{3})\s*\])\s*$/u;

/**
 * What a post says of the story, extracted, never rewritten: the publisher's description where it is usable, else the
 * first sentence without its dateline and with its attribution, and the second where it fits.
 *
 * @param budget graphemes both sentences may take together
 */
export function summaryOf(story: Pick<Story, "title" | "summary" | "body" | "lang">, budget = BUDGET): Summary {
  const description = story.summary === null ? null : withoutDateline(story.summary.trim());
  if (description !== null && isUsable(description, story, budget))
    return { first: description, second: null, why: "description" };
  const [first, second] = leadOf(story);
  if (first !== undefined) {
    const fits = second !== undefined && graphemes(first) + 1 + graphemes(second) <= budget;
    return { first, second: fits ? second : null, why: "lead" };
  }
  const whole =
    description === null
      ? []
      : sentences(description, story.lang).filter((sentence) => isEnded(sentence) && !CUT_OFF.test(sentence));
  if (whole[0] !== undefined && !isAlike(whole[0], story.title))
    return { first: whole[0], second: null, why: "description, its whole sentences" };
  return { first: null, second: null, why: "nothing but a headline" };
}

/** The story's sentences that follow what was said, in their order: what a thread goes on with. */
export function moreOf(story: Pick<Story, "title" | "body" | "lang">, said: string): string[] {
  return story.body
    .filter((paragraph) => isEnded(paragraph) || isDense(paragraph))
    .flatMap((paragraph, at) => sentences(at === 0 ? withoutDateline(paragraph) : paragraph, story.lang))
    .filter((sentence) => !said.includes(sentence) && !isAlike(sentence, story.title) && !isAlike(sentence, said));
}

function isUsable(description: string, story: Pick<Story, "title" | "body">, budget: number): boolean {
  const length = graphemes(description);
  if (length > budget || length < (isDense(description) ? SHORTEST_DENSE_DESCRIPTION : SHORTEST_DESCRIPTION)) return false;
  if (CUT_OFF.test(description) || lineKind(description) !== "story" || isAlike(description, story.title)) return false;
  return isEnded(description) || isDense(description) || !isCutFromBody(description, story.body);
}

/** Some systems make the description of the body's first 160 characters. */
function isCutFromBody(description: string, body: readonly string[]): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  return plain(body.slice(0, 3).join(" ")).includes(plain(description));
}

/** The first two sentences worth saying: of the first paragraph that is a sentence, and on. */
function leadOf(story: Pick<Story, "title" | "body" | "lang">): string[] {
  const ended = story.body.findIndex((paragraph) => isEnded(paragraph) || isDense(paragraph));
  const found: string[] = [];
  for (const paragraph of story.body.slice(Math.max(0, ended), Math.max(0, ended) + 4)) {
    const text = found.length === 0 ? withoutDateline(paragraph) : paragraph;
    if (found.length > 0 && !isEnded(paragraph) && !isDense(paragraph)) continue;
    for (const sentence of sentences(text, story.lang)) {
      if (found.length === 0 && isAlike(sentence, story.title)) continue;
      found.push(sentence);
      if (found.length === 2) return found;
    }
  }
  return found;
}

/** Whether nearly every word of a sentence is in the headline already. */
function isAlike(sentence: string, title: string): boolean {
  const said = new Set(wordsOf(title));
  const words = wordsOf(sentence);
  return words.length > 0 && words.filter((word) => said.has(word)).length / words.length >= TOO_ALIKE;
}

function wordsOf(text: string): string[] {
  return Array.from(new Intl.Segmenter("und", { granularity: "word" }).segment(text.toLowerCase()))
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment);
}
