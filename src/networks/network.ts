import { say } from "../lib/say.ts";
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
  /** Told of every answer of the account's network, and of every one that did not come: limits are learnt from all of them. */
  readonly heard?: (one: Heard) => void;
}

/** What one request to an account's network taught, whatever became of the post. */
export interface Heard {
  /** The scope of the host that was asked: `host:mastodon.example`. */
  readonly host: string;
  /** HTTP; null when no answer came. */
  readonly status: number | null;
  /** What was wrong with the host, as a sentence; null while it answers, be it with a refusal. */
  readonly failure: string | null;
  readonly rates: readonly Rate[];
  /** How many posts it showed, where the network takes money for each (`cost.read`). */
  readonly read?: number;
}

/** What an answer said of a limit. */
export interface Rate {
  /** Whose limit it is: this account's, or that of everybody under one app or on one host (`app:x:1f0c…`, `host:…`). */
  readonly scope: "account" | SharedScope;
  /** Which requests it limits: those that make posts, those that look for them, or both. */
  readonly of: "posts" | "reads" | "both";
  /** How many more requests it allows before `resetAt`. */
  readonly remaining: number;
  /** When it is full again (ms since the epoch, our clock). */
  readonly resetAt: number;
}

/** A name for what several accounts share, the same in every process. It is stored and shown: never a key, nor part of one. */
export type SharedScope = `host:${string}` | `app:${string}`;

export interface Secret {
  /** The named secret (`token`), read when needed. Throws a Fault `SECRET_MISSING` that says what to set. */
  get(name: string): Promise<string>;
  /** A secret that a driver keeps for itself and may not have yet (`session`); undefined when there is none. */
  find(name: string): Promise<string | undefined>;
  /** Stores a secret that rotates, sealed and durable, before it is used. */
  update(name: string, value: string): Promise<void>;
  /** Runs `work` while no process of ours does the same for this account: what rotates is refreshed by one at a time. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
}

export interface Media {
  readonly url: string;
  /** Alternative text for who cannot see the picture; empty when none is known. */
  readonly alt: string;
}

/** What a reader sees of the story under the post, where the client makes it (Bluesky) or shows it. Plain text. */
export interface Card {
  /** Where it leads: the post's own short link. */
  readonly url: string;
  readonly title: string;
  readonly description: string;
  readonly image: Media | null;
}

/** A post of the account's own that stands there: what is known of it. */
export interface Placed {
  /** Its remote id; null where a person or a rule said that it is there. */
  readonly id: string | null;
  readonly url: string | null;
  /** What its network asks of an answer beside the id (atproto: the cid); null where nobody told. */
  readonly ref: string | null;
}

/** What a post answers: the post right above it, and the one the thread began with, which may be the same. */
export interface ReplyTo {
  readonly parent: Placed;
  readonly root: Placed;
}

/** An approved post as it will stand: text with the short link in it. */
export interface Ready {
  readonly text: string;
  /** BCP 47. */
  readonly lang: string | null;
  /** The short link as it stands in `text`; null for a post without one. */
  readonly link: string | null;
  readonly media: readonly Media[];
  /** Null for a post without a link, and for one that carries pictures of its own. */
  readonly card: Card | null;
  /** Whether its pictures are to be hidden until asked for. */
  readonly sensitive: boolean;
  /** A warning before the text, such as "Pictures of violence"; null for none. */
  readonly spoiler: string | null;
  /** A part of a thread and a correction answer a post that stands; the same on every try. */
  readonly replyTo?: ReplyTo;
}

/** What makes this delivery this one, on every try: stored with the intent, before the first request. */
export interface DeliveryKey {
  /** Stable over all tries of one delivery. */
  readonly idempotency: string;
  /** The post's own link (full URL), unique per delivery; null for a post without a link. */
  readonly link: string | null;
  readonly text: string;
  /** As in Ready: a post without a link is known by its words and by what it answers. */
  readonly replyTo?: ReplyTo;
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

interface There {
  readonly kind: "posted";
  readonly id: string;
  readonly url: string | null;
  /** See Placed; left out where the id is enough. */
  readonly ref?: string;
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
  | There
  | { readonly kind: "busy"; readonly why: string; readonly retryAt?: number }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "locked-out"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string; readonly retryAt?: number };

/** What came of a step before the request that counts: whatever became of it, that request was not made. */
export function beforehand<Kind extends Outcome>(outcome: Kind): Kind | Extract<Outcome, { kind: "busy" }> {
  return outcome.kind === "unknown" ? { ...outcome, kind: "busy" } : outcome;
}

/** What stands where a network's own sentence would, when its answer has none. */
export function wordless(type: string | undefined): string {
  return type === undefined ? "the answer is of no type." : say`the answer is ${type}.`;
}

/** What a look came to. `lockedOut`: the network lets the account in no more, and `why` says what a person can do. */
export type Found =
  | There
  | { readonly kind: "absent" }
  | { readonly kind: "cannot-tell"; readonly why: string; readonly retryAt?: number; readonly lockedOut?: boolean };

export interface Verified {
  readonly ok: boolean;
  readonly id: string | null;
  readonly handle: string | null;
  /** When the token ends, ms since the epoch; null when it does not. */
  readonly endsAt: number | null;
  /** Where the token is renewed by itself: when that ends too (ms since the epoch), null where the network does not say. */
  readonly renewal?: { readonly endsAt: number | null };
  /** Why it does not work, as a sentence. */
  readonly why: string | null;
}

/**
 * What came of renewing a token before it ends.
 * - renewed: it is good until `endsAt` (ms since the epoch), and renewed again until `refreshEndsAt` (null: not said)
 * - busy: not now; the old one still stands
 * - locked-out: only a person who signs in anew can help
 */
export type Renewed =
  | { readonly kind: "renewed"; readonly endsAt: number; readonly refreshEndsAt: number | null }
  | { readonly kind: "busy"; readonly why: string }
  | { readonly kind: "locked-out"; readonly why: string };

/** Our program as a network knows it (an OAuth client): by its id there, and its secret where it has one. */
export interface App {
  readonly id: string;
  readonly secret: string | null;
}

/** Where a sign-in happens, as whom we ask for it, and where the person comes back. */
interface SignInAt {
  /** Origin of the account's server, where codes become tokens. */
  readonly server: string;
  /** Origin of the page where the person agrees. */
  readonly authorize: string;
  /** Our own address, known to the network beforehand, to the letter. */
  readonly callback: string;
  readonly app: App;
}

/** Whose access a person gave us, and the secrets it is used by, under the names the driver asks for them. */
export type Connected =
  | {
      readonly kind: "connected";
      readonly secrets: Readonly<Record<string, string>>;
      readonly id: string;
      readonly handle: string | null;
      /** As in Verified. */
      readonly endsAt: number | null;
      readonly renewal?: { readonly endsAt: number | null };
    }
  | { readonly kind: "refused"; readonly why: string };

/** A person signs in at the network and gives us access (OAuth 2.0, authorization code with PKCE S256). */
export interface SignIn {
  /** Where people agree, where that is another origin than the account's server. */
  readonly authorize?: string;
  /** Makes us known to a server, or finds that we still are; absent where a person does that by hand. */
  register?(at: Pick<SignInAt, "server" | "callback">, known: App | undefined, signal: AbortSignal): Promise<App>;
  /** The page the person is sent to. */
  page(at: SignInAt, ticket: { readonly state: string; readonly challenge: string }): URL;
  /** Makes the code the person came back with into tokens; a code works once. Throws what the outbound throws. */
  finish(at: SignInAt, given: { readonly code: string; readonly verifier: string }, signal: AbortSignal): Promise<Connected>;
}

export interface Network {
  readonly name: string;
  /** What it can keep after an unknown outcome: nothing twice by its own key, by looking, or by asking a person. */
  readonly promise: "exact" | "reconciled" | "asked";
  /** How long after a try its post may still be invisible to `find` (ms). */
  readonly settleMs: number;
  /** How long the network honours the same key (ms); 0 when it has none. Within it, sending again under the key is safe. */
  readonly keyMs: number;
  /** Makes a delivery's key in the network's own form (atproto: a TID); without it, any unique text will do. */
  newKey?(at: { readonly now: number; readonly random: () => number }): string;
  /** The network's usual limits, for accounts in rehearsal and until the server has told its own. */
  readonly usual: Limits;
  /** What the account's requests share with other accounts': its hosts, its app. Nothing is asked for it. */
  scopes?(account: Account): Promise<readonly SharedScope[]>;
  /** How a person connects an account by signing in there. */
  readonly signIn?: SignIn;
  limits(account: Account, signal: AbortSignal): Promise<Limits>;
  /** Renews a token that ends soon, before it does; asks nothing of the network while it does not. */
  renew?(account: Account, signal: AbortSignal): Promise<Renewed>;
  verify(account: Account, signal: AbortSignal): Promise<Verified>;
  publish(account: Account, post: Ready, key: DeliveryKey, signal: AbortSignal): Promise<Outcome>;
  /** `owned` are remote ids that other deliveries of ours already own: never a match. */
  find?(account: Account, key: DeliveryKey, owned: ReadonlySet<string>, signal: AbortSignal): Promise<Found>;
  /**
   * As `find`, where the key it was sent under is lost (after a restore): by the post's own link alone. Only where `find` goes
   * by the key.
   */
  search?(account: Account, key: DeliveryKey, owned: ReadonlySet<string>, signal: AbortSignal): Promise<Found>;
  edit?(account: Account, id: string, post: Ready, signal: AbortSignal): Promise<Outcome>;
  remove?(account: Account, id: string, signal: AbortSignal): Promise<Outcome>;
}
