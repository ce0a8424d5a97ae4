import type { Log } from "../lib/log.ts";
import type { Limits } from "../lib/text/limits.ts";
import type { Clock } from "../lib/time.ts";
import type { Store } from "../store/db.ts";

/** What the programs' door stands on; built by hand in app.ts. */
export interface ApiDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Origin of the short links, without a trailing slash. */
  readonly shortUrl: string;
  /** Whether links may lead to this machine: only in rehearsal. */
  readonly allowLoopback: boolean;
  /** A network's usual limits, until its server has told its own. */
  usualLimits(network: string): Limits;
  /** Rung whenever something worth re-reading happened; says nothing of what. */
  readonly live: { subscribe(ring: () => void): () => void };
  readonly log: Log;
  /** Aborted when the server stops: the streams end. */
  readonly closing?: AbortSignal;
  /** How often a stream says that it lives, and asks whether its token still does (ms). */
  readonly heartbeatMs?: number;
  /** Requests of one token: `burst` at once, then `perSecond`; in each process. */
  readonly pace?: { readonly burst: number; readonly perSecond: number };
}
