import type { Clock } from "../lib/time.ts";

export interface MissBudget {
  /** Whether this visitor has no wrong codes left. */
  spent(visitor: string): boolean;
  /** One wrong code more. */
  miss(visitor: string): void;
}

/**
 * A token bucket for each visitor: `perMinute` wrong codes, coming back evenly. In memory only, at most twice `most`
 * visitors; who is forgotten begins anew.
 */
export function missBudget(clock: Pick<Clock, "monotonic">, perMinute = 30, most = 10_000): MissBudget {
  let young = new Map<string, { left: number; at: number }>();
  let old = new Map<string, { left: number; at: number }>();
  const bucketOf = (visitor: string) => {
    const known = young.get(visitor) ?? old.get(visitor);
    if (known === undefined) return undefined;
    const now = clock.monotonic();
    known.left = Math.min(perMinute, known.left + ((now - known.at) * perMinute) / 60_000);
    known.at = now;
    return known;
  };
  return {
    spent: (visitor) => (bucketOf(visitor)?.left ?? perMinute) < 1,
    miss(visitor) {
      const bucket = bucketOf(visitor) ?? { left: perMinute, at: clock.monotonic() };
      bucket.left = Math.max(0, bucket.left - 1);
      if (young.size >= most) [old, young] = [young, new Map()];
      young.set(visitor, bucket);
    },
  };
}
