/** The known word nearest to what was written, if it can be a slip of the hand: at most a third of its letters off. */
function nearest(written: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(2, Math.floor(written.length / 3)) + 1;
  for (const word of known) {
    const off = distance(written.toLowerCase(), word.toLowerCase());
    if (off < fewest) [best, fewest] = [word, off];
  }
  return best;
}

/** `Did you mean "x"?` with a space before it, or nothing. */
export function didYouMean(written: string, known: Iterable<string>): string {
  const word = nearest(written, known);
  return word === undefined ? "" : ` Did you mean "${word}"?`;
}

/** Levenshtein's distance; what one begins with the other (`token`, `tokenEnv`) counts as near. */
function distance(one: string, other: string): number {
  if (one.length > 2 && other.length > 2 && (one.startsWith(other) || other.startsWith(one))) return 1;
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const swap = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
