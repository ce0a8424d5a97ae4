/** The process' clock, passed by hand so that tests can set it. The store has its own: `slugline.now()`. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only go forward; for deadlines and leases within one process. */
  monotonic(): number;
  /** Waits; resolves early (without throwing) when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done, { once: true });
    }),
};

/** What another clock may be off by once its `Date`, which has whole seconds, has told how it stands (ms). */
const TOLERANCE_MS = 10_000;
/** The same where no `Date` came: clocks are then taken to agree within this (ms). */
const UNTOLD_MS = 5 * 60_000;

/**
 * A moment of ours as a server's clock would show it (ms since the epoch). Every doubt makes it earlier.
 *
 * @param now our clock when the server answered
 * @param date the answer's `Date`
 */
export function earliestThere(moment: number, now: number, date: string | undefined): number {
  const theirs = Date.parse(date ?? "");
  return Number.isNaN(theirs) ? moment - UNTOLD_MS : moment + theirs - now - TOLERANCE_MS;
}

/** Randomness, passed by hand so that tests can seed it: a number in [0, 1). */
export type Random = () => number;

const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds in a duration as newsroom.yaml writes it: `90s`, `3m`, `12h`, `2d`. Undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
