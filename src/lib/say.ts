/**
 * Sentences that are written in English once and can be said in any language: a sentence keeps the seams at which
 * something was put into it. The seams are Unicode's own marks for that, FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE
 * (UAX #9): nobody sees them, what is between them does not tear a line that runs the other way, and whoever knows the
 * sentence with its holes (`X refused it ({0}): {1}`) can say it anew around the same pieces. So a reason stays one plain
 * text in every row, old and new. docs/decisions/0021 says why.
 */

const OPEN = "\u2068";
const CLOSE = "\u2069";
const SEAMS = /[\u2068\u2069]/g;

/** A sentence with its holes numbered, and what stands in them: pieces may be sentences with seams of their own. */
export interface Said {
  readonly sentence: string;
  readonly pieces: readonly string[];
}

/**
 * Writes a sentence and keeps its seams. The text around the holes is what translators see: it must be a literal.
 *
 * @example
 * say`X refused it (${403}): ${told}`
 */
export function say(parts: TemplateStringsArray, ...pieces: readonly (string | number)[]): string {
  return parts.reduce((so, part, n) => {
    const piece = String(pieces[n - 1] ?? "");
    return so + OPEN + (balanced(piece) ? piece : plain(piece)) + CLOSE + part;
  });
}

/** The same sentence for programs, terminals and logs: without its seams. */
export function plain(text: string): string {
  return text.replaceAll(SEAMS, "");
}

/** Takes a sentence apart at its outermost seams. One that was cut off ends where it was cut. */
export function apart(text: string): Said {
  const pieces: string[] = [];
  let sentence = "";
  let depth = 0;
  for (const part of text.split(/([\u2068\u2069])/)) {
    if (part === OPEN && depth++ === 0) sentence += `{${pieces.push("") - 1}}`;
    else if (part === CLOSE && depth > 0 && --depth === 0) continue;
    else if (depth > 0) pieces[pieces.length - 1] += part;
    else sentence += plain(part);
  }
  return { sentence, pieces };
}

function balanced(text: string): boolean {
  let depth = 0;
  for (const [seam] of text.matchAll(SEAMS)) {
    depth += seam === OPEN ? 1 : -1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
