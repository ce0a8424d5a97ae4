import { say } from "../lib/say.ts";
import type { Random } from "../lib/time.ts";

/** Validators of the last 200, byte for byte; both from the same answer. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What a source's rhythm is made of. */
export interface Rhythm {
  /** The interval from newsroom.yaml, in seconds; at least 10. */
  readonly intervalS: number;
  /** A site of the newsroom's own, watched by agreement: its interval counts, whatever ttl and max-age ask. */
  readonly own: boolean;
  /** Failures in a row, this one not counted. */
  readonly failures: number;
}

const DAY_S = 86_400;
const HOUR_S = 3_600;
/** Without Retry-After after 429 or 503: hours, not minutes. */
const OVERLOADED_S = 4 * HOUR_S;
const SHORTEST_S = 10;
/** The stored address changes after so many answers that said so in a row. */
export const MOVES = 3;

/** Request headers of a conditional GET: what the server gave, never made up. Nothing of a cookie, referer or query. */
export function conditional(validators: Validators): Record<string, string> {
  return {
    ...(validators.etag === null ? {} : { "if-none-match": validators.etag }),
    ...(validators.lastModified === null ? {} : { "if-modified-since": validators.lastModified }),
  };
}

/** The validators a 200 came with. `Expires: 0` and `no-store` ask not to be remembered. */
export function validatorsOf(headers: Headers): Validators {
  if (one(headers, "expires")?.trim() === "0" || /\bno-store\b/i.test(one(headers, "cache-control") ?? ""))
    return { etag: null, lastModified: null };
  return { etag: one(headers, "etag") ?? null, lastModified: one(headers, "last-modified") ?? null };
}

/** A header's value, the first where there are several. */
export function one(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * Seconds until the next check after a good answer: the longest of our interval, the feed's own wish (`everyS`) and the
 * answer's max-age or Expires, at most a day; spread by up to a tenth so that a thousand sources do not come at once.
 *
 * @param now milliseconds since the epoch
 */
export function afterGood(rhythm: Rhythm, everyS: number | null, headers: Headers, now: number, random: Random): number {
  const own = Math.max(SHORTEST_S, rhythm.intervalS);
  const wished = rhythm.own ? 0 : Math.max(everyS ?? 0, freshS(headers, now));
  return Math.min(DAY_S, Math.max(own, wished, retryAfterS(headers, now) ?? 0) * (1 + random() * 0.1));
}

/** Seconds until the next check after a bad one: Retry-After where told; hours when the server is overloaded; else exponential with full jitter, at most a day. */
export function afterBad(rhythm: Rhythm, status: number | null, headers: Headers, now: number, random: Random): number {
  const told = retryAfterS(headers, now);
  if (status === 429 || status === 503) return Math.min(DAY_S, Math.max(rhythm.intervalS, told ?? OVERLOADED_S));
  const ceiling = Math.min(DAY_S, Math.max(SHORTEST_S, rhythm.intervalS) * 2 ** Math.min(20, rhythm.failures + 1));
  return Math.min(DAY_S, Math.max(rhythm.intervalS, random() * ceiling, told ?? 0));
}

/** How long the answer calls itself fresh, in seconds. */
function freshS(headers: Headers, now: number): number {
  const control = one(headers, "cache-control") ?? "";
  if (/\b(?:no-cache|no-store)\b/i.test(control)) return 0;
  const maxAge = /\bmax-age\s*=\s*"?(\d{1,9})/i.exec(control)?.[1];
  if (maxAge !== undefined) return Math.max(0, Number(maxAge) - Number(/^\d{1,9}$/.exec(one(headers, "age") ?? "0")?.[0] ?? 0));
  const expires = Date.parse(one(headers, "expires") ?? "");
  return Number.isNaN(expires) ? 0 : Math.max(0, (expires - now) / 1_000);
}

/** `Retry-After`, in seconds from now; null when there is none. */
function retryAfterS(headers: Headers, now: number): number | null {
  const value = one(headers, "retry-after")?.trim();
  if (value === undefined) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, (at - now) / 1_000);
}

/** What an answer that is no feed means, as a sentence; `gone` stops the watching. */
export function complaint(status: number, headers: Headers): { readonly gone: boolean; readonly why: string } {
  if (one(headers, "cf-mitigated") === "challenge")
    return {
      gone: false,
      why: "Cloudflare asked for proof of being human. Allow Slugline's user agent in the site's bot rules.",
    };
  const why: Readonly<Record<number, string>> = {
    401: "The feed asks for a sign-in (401).",
    403: "The site forbids reading the feed (403).",
    404: "There is no feed at this address (404). Check the address.",
    410: "The site says the feed is gone for good (410). It is no longer watched.",
    429: "The site says we ask too often (429); we wait as long as it asked, or some hours.",
    503: "The site is overloaded (503); we wait as long as it asked, or some hours.",
  };
  return { gone: status === 410, why: why[status] ?? say`The site answered ${status}.` };
}
