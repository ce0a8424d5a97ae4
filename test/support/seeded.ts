import type { Random } from "../../src/lib/time.ts";

/** Randomness that a test can have again: the same words, the same numbers (mulberry32). */
export function seeded(words: string): Random {
  let state = 0;
  for (const letter of words) state = (Math.imul(state, 31) + letter.codePointAt(0)!) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
