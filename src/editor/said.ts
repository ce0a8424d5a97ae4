import { apart } from "../lib/say.ts";
import type { Args, Messages } from "./messages.ts";

/** A part of a reason as a reader sees it: words of ours in the reader's language, or what somebody else said, as it came. */
export type Part = { readonly ours: string } | { readonly theirs: string };

/** As many words of a sentence as tell it from every other. */
const WORDS = 14;

/** By what the messages know a sentence of ours: its words and the numbers of its holes. A test holds that no two share one. */
export function keyOf(sentence: string): string {
  const words = sentence.toLowerCase().split(/[^a-z0-9]+/);
  return `why.${words
    .filter((word) => word !== "")
    .slice(0, WORDS)
    .join("-")}`;
}

/**
 * A row's reason in the reader's language. What was put into the sentence is taken apart in the same way, so that a reason
 * within a reason is said too; a name, an address or what a network answered stays as it came.
 *
 * @returns null when the sentence itself is not one of ours
 */
export function saidIn({ has, t }: Pick<Messages, "has" | "t">, reason: string): Part[] | null {
  const { sentence, pieces } = apart(reason);
  const key = keyOf(sentence);
  const wordless = pieces.length > 0 && !/\p{L}/u.test(sentence);
  if (!has(key) && !wordless) return null;
  const args = Object.fromEntries(pieces.map((piece, n) => [n, isCount(piece) ? piece : hole(n)]));
  const said = has(key) ? t(key, args) : filled(sentence, args);
  return said.split(HOLE).flatMap((text, at): Part[] => {
    if (at % 2 === 0) return text === "" ? [] : [{ ours: text }];
    const piece = pieces[Number(text)] ?? "";
    return saidIn({ has, t }, piece) ?? [{ theirs: piece }];
  });
}

/** A status or a count, which a language may want to count by. */
function isCount(piece: string): boolean {
  return /^\d{1,9}$/.test(piece);
}

/** Stands where the n-th piece goes while the sentence is made (U+FFFC is Unicode's own sign for that). */
function hole(n: number): string {
  return `\ufffc${n};`;
}

const HOLE = /\ufffc(\d+);/;

function filled(sentence: string, args: Args): string {
  return sentence.replaceAll(/\{(\d+)\}/g, (_, n: string) => String(args[n]));
}
