/** The sending of one approved revision, exactly once. Pure: how a delivery moves, and when it tries again. */

export type DeliveryState = "due" | "sending" | "posted" | "refused" | "locked-out" | "unknown" | "asked" | "stale" | "cancelled";

export type DeliveryHappening =
  /** the intent is committed: a request may be on its way from here on */
  | "begin"
  /** its approval is void, or a person drops it */
  | "cancel"
  /** too old to be news before it could be sent */
  | "late"
  | "posted"
  | "busy"
  | "refused"
  | "locked-out"
  /** the request may have arrived; also when whoever was sending died */
  | "unknown"
  /** looked for twice after the settle time and not there, or the network honours our key: sending is safe */
  | "again"
  /** nobody but a person can tell */
  | "ask"
  /** a person, or the account's onUnknown, says it is there */
  | "assume";

export const DELIVERY_STATES: readonly DeliveryState[] = [
  "due",
  "sending",
  "posted",
  "refused",
  "locked-out",
  "unknown",
  "asked",
  "stale",
  "cancelled",
];
export const DELIVERY_HAPPENINGS: readonly DeliveryHappening[] = [
  "begin",
  "cancel",
  "late",
  "posted",
  "busy",
  "refused",
  "locked-out",
  "unknown",
  "again",
  "ask",
  "assume",
];

const MOVES: Record<DeliveryState, Partial<Record<DeliveryHappening, DeliveryState>>> = {
  // "posted" may come late, from a worker that was thought dead: it is believed, whatever was made of the delivery since.
  due: { begin: "sending", cancel: "cancelled", late: "stale", posted: "posted" },
  sending: { posted: "posted", busy: "due", refused: "refused", "locked-out": "locked-out", unknown: "unknown" },
  unknown: { posted: "posted", again: "due", ask: "asked", assume: "posted" },
  stale: { ask: "asked", posted: "posted" },
  refused: { again: "due", cancel: "cancelled" },
  "locked-out": { again: "due", cancel: "cancelled" },
  asked: { posted: "posted", assume: "posted", again: "due", cancel: "cancelled" },
  posted: {},
  cancelled: {},
};

/** Where a delivery goes when something happens to it; null where it must not. The database refuses the same. */
export function nextDelivery(state: DeliveryState, happening: DeliveryHappening): DeliveryState | null {
  return MOVES[state][happening] ?? null;
}

/** How long one try may take, in milliseconds, measured so that a slow owner never writes under a lapsed lease. */
export interface Timing {
  /** The lease of whoever sends or looks. */
  readonly leaseMs: number;
  /** The longest a request may take once it began to be written; less than the lease. */
  readonly requestMs: number;
  /** Between the first and the second look that finds nothing, and between looks. */
  readonly lookGapMs: number;
  /** How long we look before a person is asked. */
  readonly lookForMs: number;
  /** The first back-off's ceiling; it doubles with each try, to `backoffMaxMs`. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** The first wait of an open breaker; it doubles with each probe that fails, to `openMaxMs`: what is back is noticed within that. */
  readonly openMs: number;
  readonly openMaxMs: number;
  /** The first gap between two posts of what gathers pace. */
  readonly rampGapMs: number;
}

export const TIMING: Timing = {
  leaseMs: 60_000,
  requestMs: 30_000,
  lookGapMs: 5_000,
  lookForMs: 30 * 60_000,
  backoffMs: 2_000,
  backoffMaxMs: 15 * 60_000,
  openMs: 15_000,
  openMaxMs: 15 * 60_000,
  rampGapMs: 2_000,
};

/** Exponential back-off with full jitter: anywhere between nothing and the ceiling, so that a crowd spreads out. */
export function backoff(tries: number, random: number, timing: Timing): number {
  return random * Math.min(timing.backoffMaxMs, timing.backoffMs * 2 ** Math.min(Math.max(tries - 1, 0), 20));
}

/** When the network says to come back: believed between one second and one day (RELIABILITY F11). */
export function clampRetry(retryAt: number, now: number): number {
  return Math.min(Math.max(retryAt, now + 1_000), now + 86_400_000);
}

/**
 * How long a delivery may have waited for its network or its account before a person is asked whether it is still news
 * (ms), where nobody said what is too old. A quarter of a day: after an outage of a night, nobody wants the evening's news
 * sent at breakfast without a look; after one of an hour, nobody wants to be asked.
 */
export const HELD_TOO_LONG_MS = 6 * 3_600_000;

/** What an unknown delivery does after a look (RELIABILITY T4). */
export type AfterLook = "again" | "ask" | "look";

/**
 * @param sinceMs how long it has been unknown
 * @param misses looks after the settle time that found nothing, this one included
 * @param told false where the network could not tell
 */
export function afterMiss(sinceMs: number, misses: number, told: boolean, timing: Timing): AfterLook {
  if (told && misses >= 2) return "again";
  return sinceMs >= timing.lookForMs ? "ask" : "look";
}
