import type { Log } from "../lib/log.ts";
import type { Limits } from "../lib/text/limits.ts";
import type { Clock } from "../lib/time.ts";
import type { Connecting } from "../newsroom/connect-account.ts";
import type { Keys } from "../newsroom/seal.ts";
import type { Store } from "../store/db.ts";
import type { Languages } from "./languages.ts";

/** Rung whenever something worth re-reading happened (LISTEN slugline_event); says nothing of what. */
export interface LiveBell {
  /** Calls `ring` on every bell until the returned function is called. */
  subscribe(ring: () => void): () => void;
}

/** What a network keeps after an unclear answer. */
export interface NetworkPromise {
  /** Nothing twice by its own key, by looking, or by asking a person. */
  readonly promise: "exact" | "reconciled" | "asked";
  /** How long after a try a post may still be invisible to a look (ms). */
  readonly settleMs: number;
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
  promiseOf(network: string): NetworkPromise | undefined;
  /** The master keys, under which the second factors' secrets are sealed. */
  readonly keys: Keys;
  /** How accounts are connected by signing in at their network. */
  readonly connecting: Connecting;
  readonly live: LiveBell;
  readonly log: Log;
  /** Aborted when the server stops: the streams end. */
  readonly closing?: AbortSignal;
  /** The languages it speaks; those of its messages files where not given. */
  readonly languages?: Languages;
  /** Origins besides https whose pictures may be shown (a rehearsal's own news site on loopback). */
  readonly imageOrigins?: readonly string[];
  /** Proxies whose `X-Forwarded-For` is believed, where wrong passwords are counted. */
  readonly trustProxy?: readonly string[];
}
