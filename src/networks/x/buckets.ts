import { retryAt } from "../../lib/retry-after.ts";
import type { Rate, SharedScope } from "../network.ts";

/** Nothing a server says makes us wait longer (ms): a day, which is X's longest bucket. */
const LONGEST_WAIT_MS = 86_400_000;
const RESET = /^(x-[a-z0-9-]*limit[a-z0-9-]*)-reset$/;

/**
 * When X wants to be asked again: once the last of its empty buckets is full. Each is told by three headers
 * (`x-rate-limit-limit|remaining|reset`, `x-app-limit-24hour-...`, `x-user-limit-24hour-...`), resets in seconds since the
 * epoch on X's clock. A bucket of a day may be empty while the one of 15 minutes is not. Where none says that it is empty,
 * the one of 15 minutes counts. A proxy's `Retry-After` counts too.
 *
 * @param headers names in lower case
 * @param now milliseconds since the epoch
 * @returns milliseconds since the epoch on the clock of `now`, or undefined when X did not say
 */
export function fullAgainAt(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const buckets = bucketsOf(headers, now);
  const empty = buckets.filter(({ left }) => !(left > 0));
  const counting = empty.length > 0 ? empty : buckets.filter(({ bucket }) => bucket === "x-rate-limit");
  const asked = retryAt(headers, now);
  const moments = [...counting.map(({ at }) => at), ...(asked === undefined ? [] : [asked])];
  if (moments.length === 0) return undefined;
  return Math.min(Math.max(...moments, now), now + LONGEST_WAIT_MS);
}

/**
 * What an answer says of X's limits: the bucket of 15 minutes is of one kind of request, those of a day are of posts. The
 * app's are everybody's who posts by it.
 *
 * @param of which requests the bucket of 15 minutes limits; null when they keep no delivery waiting
 */
export function ratesOf(
  headers: Readonly<Record<string, string>>,
  { app, of, now }: { readonly app: SharedScope; readonly of: "posts" | "reads" | null; readonly now: number },
): readonly Rate[] {
  if (of === null) return [];
  return bucketsOf(headers, now).map(({ bucket, at, left }) => ({
    scope: bucket.startsWith("x-app-") ? app : "account",
    of,
    remaining: left,
    resetAt: Math.min(Math.max(at, now), now + LONGEST_WAIT_MS),
  }));
}

interface Bucket {
  /** What its headers begin with. */
  readonly bucket: string;
  /** When it is full again, by our clock. */
  readonly at: number;
  readonly left: number;
}

function bucketsOf(headers: Readonly<Record<string, string>>, now: number): readonly Bucket[] {
  const theirs = Date.parse(headers["date"] ?? "");
  const skew = Number.isNaN(theirs) ? 0 : theirs - now;
  return Object.entries(headers).flatMap(([name, value]) => {
    const bucket = RESET.exec(name)?.[1];
    const reset = Number(value) * 1000;
    if (bucket === undefined || !(reset > 0)) return [];
    return [{ bucket, at: reset - skew, left: Number(headers[`${bucket}-remaining`] ?? 0) }];
  });
}
