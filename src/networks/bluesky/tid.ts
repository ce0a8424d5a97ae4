/** Letters whose order is that of their codes, so that keys sort by time. */
const LETTERS = "234567abcdefghijklmnopqrstuvwxyz";

/**
 * A record key of atproto's own kind (TID): microseconds since the epoch in 53 bits and ten random ones, as 13 letters.
 *
 * @param at a moment in milliseconds, and randomness in [0, 1)
 */
export function tidOf({ now, random }: { readonly now: number; readonly random: () => number }): string {
  const micros = BigInt(Math.floor(now)) * 1_000n + BigInt(Math.floor(random() * 1_000));
  let left = ((micros & ((1n << 53n) - 1n)) << 10n) | BigInt(Math.floor(random() * 1_024));
  let tid = "";
  for (let letter = 0; letter < 13; letter += 1) {
    tid = `${LETTERS[Number(left & 31n)]}${tid}`;
    left >>= 5n;
  }
  return tid;
}
