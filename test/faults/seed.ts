/** Chance that can be had again: everything random in the laboratory comes from one of these, and the seed is printed. */
export interface Dice {
  readonly seed: number;
  /** A number in [0, 1). */
  next(): number;
  /** Whether something with this probability happens now. */
  chance(probability: number): boolean;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  /** @throws Error where there is nothing to pick from */
  pick<One>(from: readonly One[]): One;
}

/** Mulberry32: small, quick, and the same on every machine. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    seed,
    next,
    chance: (probability) => next() < probability,
    between,
    pick(from) {
      if (from.length === 0) throw new Error("nothing to pick from");
      return from[between(0, from.length - 1)]!;
    },
  };
}

/** The seed a run was asked for (`FAULT_SEED`), else one of its own; printed by whoever uses it. */
export function seedAsked(): number {
  const asked = Number(process.env.FAULT_SEED);
  return Number.isInteger(asked) && asked > 0 ? asked : Math.floor(Math.random() * 2 ** 31) + 1;
}
