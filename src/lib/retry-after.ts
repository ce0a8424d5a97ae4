/** Nothing a server says makes us wait longer (ms): a day. */
const LONGEST_WAIT_MS = 86_400_000;

type Headers = Readonly<Record<string, string | undefined>>;

/**
 * When a server that is busy wants to be asked again: the later of `Retry-After` (RFC 9110, 10.2.3: seconds or a date)
 * and `X-RateLimit-Reset` (ISO 8601 as Mastodon writes it, else seconds since the epoch).
 *
 * Moments are read against the server's own `Date`, so that a clock that differs from ours does not matter. What is past,
 * negative or beyond a day is clamped to now and to a day from now; what cannot be read is as if it were not there.
 *
 * @param headers names in lower case
 * @param now milliseconds since the epoch
 * @returns milliseconds since the epoch on the clock of `now`, or undefined when the server did not say
 */
export function retryAt(headers: Headers, now: number): number | undefined {
  const theirs = Date.parse(headers.date ?? "");
  const skew = Number.isNaN(theirs) ? 0 : theirs - now;
  const waits = [afterMs(headers["retry-after"], now + skew), resetMs(headers["x-ratelimit-reset"], now + skew)].filter(
    (wait) => wait !== undefined,
  );
  if (waits.length === 0) return undefined;
  return now + Math.min(Math.max(...waits, 0), LONGEST_WAIT_MS);
}

function afterMs(value: string | undefined, theirNow: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^-?\d{1,15}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  return until(Date.parse(text), theirNow);
}

function resetMs(value: string | undefined, theirNow: number): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d{1,11}$/.test(text)) return until(Number(text) * 1000, theirNow);
  return until(Date.parse(text), theirNow);
}

function until(moment: number, theirNow: number): number | undefined {
  return Number.isNaN(moment) ? undefined : moment - theirNow;
}
