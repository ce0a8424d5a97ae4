import type { Log } from "../lib/log.ts";
import type { Limits } from "../lib/text/limits.ts";
import type { Clock } from "../lib/time.ts";
import type { Store } from "../store/db.ts";

/** Rung whenever something worth re-reading happened (LISTEN slugline_event); says nothing of what. */
export interface LiveBell {
  /** Calls `ring` on every bell until the returned function is called. */
  subscribe(ring: () => void): () => void;
}

interface Site {
  readonly name: string;
  /** BCP 47, the first one is the newsroom's own. */
  readonly languages: readonly string[];
  /** IANA, e.g. `Asia/Damascus`: in it every time is shown and asked for. */
  readonly timeZone: string;
}

/** What the newsroom's door stands on; built by hand in app.ts. */
export interface EditorDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly site: Site;
  /** Origin of the short links, without a trailing slash. */
  readonly shortUrl: string;
  /** Where people reach the editor; its scheme decides about `Secure` and `__Host-`. */
  readonly publicUrl: string;
  /** A network's usual limits, until its server has told its own. */
  usualLimits(network: string): Limits;
  readonly live: LiveBell;
  readonly log: Log;
  /** Aborted when the server stops: the streams end. */
  readonly closing?: AbortSignal;
  /** Origins besides https whose pictures may be shown (a rehearsal's own news site on loopback). */
  readonly imageOrigins?: readonly string[];
  /** Proxies whose `X-Forwarded-For` is believed, where wrong passwords are counted. */
  readonly trustProxy?: readonly string[];
}
