/**
 * What keeps an account's, an app's or a host's requests back. Pure: moments are milliseconds since the epoch on the
 * store's clock, and come in.
 *
 * A brake is two things. A *limit* is what the network told (a bucket that is empty, Retry-After): nothing before it is
 * full. A *breaker* is for what fails again and again: it opens, after a wait lets exactly one probe through, closes when
 * something succeeds, and then gathers pace.
 */
import type { Timing } from "./delivery.ts";

export interface Brake {
  readonly scope: string;
  readonly postsUntil: number | null;
  readonly readsUntil: number | null;
  readonly limitWhy: string | null;
  /** In a row. */
  readonly failures: number;
  /** Null while the breaker is closed. */
  readonly openedAt: number | null;
  /** Nothing before: an open breaker's wait, its probe's lease, or the gap while it gathers pace. */
  readonly until: number | null;
  /** Probes that failed since it opened. */
  readonly trips: number;
  /** The delivery that is the probe. */
  readonly probe: string | null;
  readonly closedAt: number | null;
  readonly failureWhy: string | null;
}

export type Lane = "posts" | "reads";

/** What one try or look taught about a scope. */
export interface Lesson {
  /** Whether it works; null when nothing was learnt of that. */
  readonly works: boolean | null;
  readonly why: string | null;
  /** How long nothing more is taken (ms from now); null where it did not say. */
  readonly postsMs: number | null;
  readonly readsMs: number | null;
}

export const NOTHING: Lesson = { works: null, why: null, postsMs: null, readsMs: null };

/** Failures in a row that open a breaker: one or two befall every server; the third comes within seconds of the first. */
export const FAILURES_TO_OPEN = 3;
/** How long a scope gathers pace after its breaker closed (ms). */
export const RAMP_MS = 5 * 60_000;

export function freeBrake(scope: string): Brake {
  return {
    scope,
    postsUntil: null,
    readsUntil: null,
    limitWhy: null,
    failures: 0,
    openedAt: null,
    until: null,
    trips: 0,
    probe: null,
    closedAt: null,
    failureWhy: null,
  };
}

/** How long an open breaker waits: half of the ceiling is certain, so that chance never makes probes of a storm. */
export function openFor(trips: number, random: number, { openMs, openMaxMs }: Timing): number {
  return Math.min(openMaxMs, openMs * 2 ** Math.min(trips, 20)) * (0.5 + random / 2);
}

/** The gap between two posts of a scope that gathers pace; 0 once it is up to speed. */
export function gapAt(closedAt: number | null, now: number, { rampGapMs }: Timing): number {
  if (closedAt === null) return 0;
  const share = 1 - (now - closedAt) / RAMP_MS;
  return share > 0 && share <= 1 ? Math.round(rampGapMs * share) : 0;
}

/** Until when a scope keeps a request back; null when it may go. News that breaks does not gather pace with the others. */
export function heldUntil(brake: Brake, lane: Lane, breaking: boolean, now: number): number | null {
  const open = brake.openedAt !== null;
  const limit = (lane === "posts" ? brake.postsUntil : brake.readsUntil) ?? 0;
  const wait = open || (lane === "posts" && !breaking) ? (brake.until ?? 0) : 0;
  const until = Math.max(limit, wait);
  return until > now ? until : null;
}

/** What a delivery that is kept back waits for; a message key: `why.<…>`. */
export function whyHeld(brake: Brake, lane: Lane, now: number): "network-limit" | "network-failing" | "gathering-pace" {
  if (((lane === "posts" ? brake.postsUntil : brake.readsUntil) ?? 0) > now) return "network-limit";
  return brake.openedAt === null ? "gathering-pace" : "network-failing";
}

/** A request goes out under this brake, which does not keep it back: under an open breaker it is the probe. */
export function afterBegin(
  brake: Brake,
  it: { readonly delivery: string; readonly lane: Lane; readonly now: number; readonly timing: Timing },
): Brake {
  if (brake.openedAt !== null) return { ...brake, probe: it.delivery, until: it.now + it.timing.leaseMs };
  const gap = it.lane === "posts" ? gapAt(brake.closedAt, it.now, it.timing) : 0;
  return gap > 0 ? { ...brake, until: it.now + gap } : brake;
}

/** What a scope does with a lesson. Whoever began before the breaker opened neither opens it further nor is its probe. */
export function afterLesson(
  before: Brake,
  lesson: Lesson,
  {
    delivery,
    now,
    random,
    timing,
  }: { readonly delivery: string; readonly now: number; readonly random: number; readonly timing: Timing },
): Brake {
  const brake = {
    ...before,
    postsUntil: later(before.postsUntil, lesson.postsMs, now),
    readsUntil: later(before.readsUntil, lesson.readsMs, now),
    limitWhy: lesson.postsMs !== null || lesson.readsMs !== null ? lesson.why : before.limitWhy,
  };
  const open = brake.openedAt !== null;
  const isProbe = open && brake.probe === delivery;
  if (lesson.works === true) {
    const closed = { ...brake, failures: 0, openedAt: null, trips: 0, probe: null, failureWhy: null };
    return open ? { ...closed, closedAt: now, until: now + gapAt(now, now, timing) } : closed;
  }
  // The probe came to nothing that tells: the next one may try at once.
  if (lesson.works === null) return isProbe ? { ...brake, probe: null, until: now } : brake;
  if (open && !isProbe) return brake;
  const failed = { ...brake, failures: brake.failures + 1, failureWhy: lesson.why, probe: null };
  if (open) return { ...failed, trips: brake.trips + 1, until: now + openFor(brake.trips + 1, random, timing) };
  if (failed.failures < FAILURES_TO_OPEN) return failed;
  return { ...failed, openedAt: now, trips: 0, until: now + openFor(0, random, timing) };
}

function later(until: number | null, ms: number | null, now: number): number | null {
  return ms === null ? until : Math.max(until ?? 0, now + ms);
}
