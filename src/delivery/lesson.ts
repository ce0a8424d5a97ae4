/** What a try or a look taught about its account, its app and its hosts. Pure. */
import type { Found, Heard, Outcome } from "../networks/network.ts";
import { NOTHING, type Lane, type Lesson } from "./brake.ts";

export interface Tried {
  /** The account's own scope. */
  readonly account: string;
  /** Every answer that came while it went on, and every one that did not, in order. */
  readonly heard: readonly Heard[];
  readonly came: Outcome | Found;
  readonly lane: Lane;
  /** How long an account that is busy and told no moment is let alone (ms). */
  readonly backoffMs: number;
  /** How long it is until a moment that a network told (ms), clamped. */
  until(moment: number): number;
}

/** Lessons by scope; a scope of which nothing was learnt is not among them. */
export function lessonsOf(tried: Tried): ReadonlyMap<string, Lesson> {
  const lessons = new Map<string, Lesson>();
  const learn = (scope: string, { works, why, postsMs, readsMs }: Partial<Lesson>) => {
    const known = lessons.get(scope) ?? NOTHING;
    lessons.set(scope, {
      works: works ?? known.works,
      why: why ?? known.why,
      postsMs: longer(known.postsMs, postsMs),
      readsMs: longer(known.readsMs, readsMs),
    });
  };
  // The last answer of a host says how it is.
  for (const { host, failure } of tried.heard) lessons.set(host, { ...NOTHING, works: failure === null, why: failure });
  for (const { rates } of tried.heard) {
    for (const { scope, of, remaining, resetAt } of rates) {
      // What is no number is taken for none left.
      if (remaining > 0) continue;
      const ms = tried.until(resetAt);
      learn(scope === "account" ? tried.account : scope, {
        ...(of === "reads" ? {} : { postsMs: ms }),
        ...(of === "posts" ? {} : { readsMs: ms }),
      });
    }
  }
  learn(tried.account, ofAccount(tried));
  if (!teaches(lessons.get(tried.account) ?? NOTHING)) lessons.delete(tried.account);
  return lessons;
}

/** Statuses by which a network turns an account away for a while. */
const TURNED_AWAY = new Set([403, 429]);

/**
 * What it says of the account itself: busy because the network said so, not because its host, a picture or our own lease
 * was the trouble.
 */
function ofAccount({ heard, came, lane, backoffMs, until }: Tried): Partial<Lesson> {
  if (lane === "posts" && (came.kind === "posted" || came.kind === "refused")) return { works: true };
  if (came.kind !== "busy" && came.kind !== "cannot-tell") return {};
  if (came.retryAt === undefined && !TURNED_AWAY.has(heard.at(-1)?.status ?? 0)) return {};
  const ms = came.retryAt === undefined ? backoffMs : until(came.retryAt);
  return came.kind === "busy" ? { works: false, why: came.why, postsMs: ms } : { why: came.why, readsMs: ms };
}

/** Whether a lesson keeps anything back. */
export function isBad({ works, postsMs, readsMs }: Lesson): boolean {
  return works === false || postsMs !== null || readsMs !== null;
}

function teaches(lesson: Lesson): boolean {
  return lesson.works !== null || isBad(lesson);
}

function longer(one: number | null, other: number | null | undefined): number | null {
  return one === null || other === null || other === undefined ? (one ?? other ?? null) : Math.max(one, other);
}
