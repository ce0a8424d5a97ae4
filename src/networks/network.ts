import type { Limits } from "../lib/text/limits.ts";

/** What a driver is told of an account: where, and how to get its secret at the moment of use. Never a row of ours. */
export interface Account {
  readonly id: string;
  readonly name: string;
  /** Origin of the server, e.g. `https://mastodon.example`; empty for networks without one. */
  readonly server: string;
  readonly handle: string | null;
  /** Driver-specific plain settings from newsroom.yaml (`visibility`, ...). Never secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: Secret;
}

interface Secret {
  /** The named secret (`token`), read when needed. Throws a Fault `SECRET_MISSING` that names the variable to set. */
  get(name: string): Promise<string>;
  /** Stores a rotated secret before it is used. */
  update(name: string, value: string): Promise<void>;
}

export interface Media {
  readonly url: string;
  /** Alternative text for who cannot see the picture; empty when none is known. */
  readonly alt: string;
}

/** An approved post as it will stand: text with the short link in it. */
export interface Ready {
  readonly text: string;
  /** BCP 47. */
  readonly lang: string | null;
  /** The short link as it stands in `text`; null for a post without one. */
  readonly link: string | null;
  readonly media: readonly Media[];
  readonly sensitive: boolean;
  readonly spoiler: string | null;
}

/** What makes this delivery this one, on every try: stored with the intent, before the first request. */
export interface DeliveryKey {
  /** Stable over all tries of one delivery. */
  readonly idempotency: string;
  /** The post's own link (full URL), unique per delivery; null for a post without a link. */
  readonly link: string | null;
  readonly text: string;
  /** Nothing published before this moment can be this delivery (milliseconds since the epoch, the store's clock). */
  readonly intentAt: number;
  /** The store's clock at this try or look (ms since the epoch): how a network's clock stands to it can be told from here. */
  readonly now: number;
  /** The monotonic moment after which no byte may be written for this try; undefined when only looking. */
  readonly deadline?: Deadline;
}

/** Checked directly before the request is written (RELIABILITY T5). */
export interface Deadline {
  /** Throws a Fault `DEADLINE_PASSED` (surely not sent) once the lease no longer covers a request. */
  check(): void;
}

/**
 * What an attempt came to.
 * - posted: it is there, with this id
 * - busy: surely not sent; try again, not before `retryAt` (ms since the epoch) where the network said when
 * - refused: surely not sent, and sending the same again would be refused again (a sentence says why)
 * - locked-out: surely not sent; the account cannot post until a person mends it
 * - unknown: it may be there
 */
export type Outcome =
  | { readonly kind: "posted"; readonly id: string; readonly url: string | null }
  | { readonly kind: "busy"; readonly why: string; readonly retryAt?: number }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "locked-out"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string; readonly retryAt?: number };

export type Found =
  | { readonly kind: "posted"; readonly id: string; readonly url: string | null }
  | { readonly kind: "absent" }
  | { readonly kind: "cannot-tell"; readonly why: string; readonly retryAt?: number };

export interface Verified {
  readonly ok: boolean;
  readonly id: string | null;
  readonly handle: string | null;
  /** When the token ends, ms since the epoch; null when it does not. */
  readonly endsAt: number | null;
  /** Why it does not work, as a sentence. */
  readonly why: string | null;
}

export interface Network {
  readonly name: string;
  /** What it can keep after an unknown outcome: nothing twice by its own key, by looking, or by asking a person. */
  readonly promise: "exact" | "reconciled" | "asked";
  /** How long after a try its post may still be invisible to `find` (ms). */
  readonly settleMs: number;
  /** How long the network honours the same key (ms); 0 when it has none. Within it, sending again under the key is safe. */
  readonly keyMs: number;
  /** The network's usual limits, for accounts in rehearsal and until the server has told its own. */
  readonly usual: Limits;
  limits(account: Account, signal: AbortSignal): Promise<Limits>;
  verify(account: Account, signal: AbortSignal): Promise<Verified>;
  publish(account: Account, post: Ready, key: DeliveryKey, signal: AbortSignal): Promise<Outcome>;
  /** `owned` are remote ids that other deliveries of ours already own: never a match. */
  find?(account: Account, key: DeliveryKey, owned: ReadonlySet<string>, signal: AbortSignal): Promise<Found>;
  edit?(account: Account, id: string, post: Ready, signal: AbortSignal): Promise<Outcome>;
  remove?(account: Account, id: string, signal: AbortSignal): Promise<Outcome>;
}
