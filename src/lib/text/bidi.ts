import { RTL_LETTER, type Direction } from "./direction.ts";
import { linksIn, namesIn } from "./links.ts";

const MARK = { ltr: "\u200e", rtl: "\u200f" } as const;
const STRONG = /[\u200e\u200f\u061c]|\p{L}/gu;
const RTL = new RegExp(RTL_LETTER.source, "u");

/**
 * `text` as it should stand on a network that finds its direction by itself (from the first letter, of the whole or of
 * each line), so that what belongs to the other direction does not turn the line or change places:
 *
 * - A line in the text's direction that begins with a letter of the other gets a direction mark before it ("ISIS" first
 *   in an Arabic post would lay out the whole from left to right).
 * - A word of the other direction with a link or tag of that direction behind it gets a mark after it, or both would
 *   stand as one run, the link where the reader expects the word.
 *
 * Nothing else is added: plain text mostly shows rightly, marks cost length, and one that touches a link or a tag can
 * become part of it (Mastodon's links and Bluesky's tags take any sign but a space). So marks stand at words only, and
 * isolates (which would have to close behind the link) are not used.
 */
export function directed(text: string, dir: Direction): string {
  if (strongsOf(text).every((strong) => strong === dir) || !strongsOf(text).includes(dir)) return text;
  const apart = text.split("\n").map((line) => keptApart(line, dir));
  const first = apart.findIndex((line) => strongsOf(line).length > 0);
  return apart.map((line, at) => begun(line, dir, at === first)).join("\n");
}

/** The line, with a mark where it would else be taken for the other direction's. */
function begun(line: string, dir: Direction, first: boolean): string {
  const strongs = strongsOf(line);
  if (strongs.length === 0 || strongs[0] === dir || !(first || strongs.includes(dir))) return line;
  if (!piecesOf(line).some(([start]) => start === 0)) return MARK[dir] + line;
  return first ? `${MARK[dir]} ${line}` : line;
}

function keptApart(line: string, dir: Direction): string {
  let result = "";
  let from = 0;
  const pieces = piecesOf(line);
  for (const [at, [start, end]] of pieces.entries()) {
    const before = line.slice(from, start);
    const words = before.trimEnd();
    const afterPiece = at > 0 && words === "";
    const runsOn = strongsOf(line.slice(0, start)).at(-1) !== dir && strongsOf(line.slice(start, end))[0] !== dir;
    const parted = words !== before && words !== "" && !afterPiece;
    result += parted && runsOn && strongsOf(words).length > 0 ? words + MARK[dir] + before.slice(words.length) : before;
    result += line.slice(start, end);
    from = end;
  }
  return result + line.slice(from);
}

/** Links, tags and mentions in their order. */
function piecesOf(line: string): [number, number][] {
  const links = linksIn(line);
  const names = namesIn(line).filter(([start]) => !links.some(([from, to]) => start >= from && start < to));
  return [...links, ...names].toSorted(([a], [b]) => a - b);
}

/** The directions of the letters and marks of a text, in order. */
function strongsOf(text: string): Direction[] {
  return (text.match(STRONG) ?? []).map((strong) => (RTL.test(strong) || /[\u200f\u061c]/.test(strong) ? "rtl" : "ltr"));
}

const CLOSES_EMBEDDING = "\u202c";
const CLOSES_ISOLATE = "\u2069";

/** What would close the bidi embeddings, overrides and isolates that are open at the end of `text`, the inmost first. */
export function opened(text: string): string {
  const open: string[] = [];
  for (const [control] of text.matchAll(/[\u202a-\u202e\u2066-\u2069\n\r\u001c-\u001e\u0085\u2029]/g)) {
    if (/[\u202a\u202b\u202d\u202e]/.test(control)) open.push(CLOSES_EMBEDDING);
    else if (/[\u2066-\u2068]/.test(control)) open.push(CLOSES_ISOLATE);
    else if (control === CLOSES_EMBEDDING) {
      if (open.at(-1) === CLOSES_EMBEDDING) open.pop();
    } else if (control === CLOSES_ISOLATE) {
      const isolate = open.lastIndexOf(CLOSES_ISOLATE);
      if (isolate >= 0) open.length = isolate;
    } else open.length = 0; // A paragraph ends.
  }
  return open.toReversed().join("");
}
