/**
 * Money, in whole millionths of a currency's unit: a post on X costs 15,000 of them (0.015 USD), and sums of such are exact
 * up to nine billion.
 */
export interface Money {
  readonly micros: number;
  /** ISO 4217, such as USD. */
  readonly currency: string;
}

const UNIT = 1_000_000;

/** An amount as newsroom.yaml writes it: `10 USD`, `0.015 USD`. Undefined when it is none, or finer than a millionth. */
export function parseMoney(text: string): Money | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,6}))? ([A-Z]{3})$/.exec(text.trim());
  if (!match) return undefined;
  const [, units = "", parts = "", currency = ""] = match;
  return { micros: Number(units) * UNIT + Number(parts.padEnd(6, "0")), currency };
}

/** In the currency's units, to be shown: 15,000 is 0.015. Never to be reckoned with. */
export function unitsOf(micros: number): number {
  return micros / UNIT;
}

/** Of an amount in units, as a network's price list has it. */
export function microsOf(units: number): number {
  return Math.round(units * UNIT);
}
