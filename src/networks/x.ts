import { at, list } from "../lib/json.ts";
import type { Outbound } from "../lib/outbound/outbound.ts";
import type { Limits } from "../lib/text/limits.ts";
import { say } from "../lib/say.ts";
import { systemClock, type Clock } from "../lib/time.ts";
import type { Account, DeliveryKey, Found, Network, Outcome, Ready } from "./network.ts";
import { createAsk, scopesOf, type Reply } from "./x/ask.ts";
import { uploadMedia } from "./x/media.ts";
import { isDuplicate, kindOf, outcomeOf, outcomeOfError } from "./x/outcome.ts";
import { readBack } from "./x/read-back.ts";
import { postIdOf } from "./x/reply.ts";
import { createSessions } from "./x/session.ts";
import { createSignIn } from "./x/sign-in.ts";
import { createAskToken } from "./x/token.ts";
import { createWhose } from "./x/whose.ts";

const MEDIA = { max: 4, altMax: 1_000, maxBytes: 5 * 1024 * 1024 };

export const USUAL: Limits = {
  max: 280,
  unit: "weighted",
  perLink: 23,
  media: MEDIA,
  forbidsCopies: true,
  // An account that owns its app pays 0.001 for each of its own posts that it reads; we cannot know, and reckon with the most.
  cost: { plain: 0.015, withLink: 0.2, read: 0.005, currency: "USD" },
};

/** What an account that pays for X Premium may write. */
const PREMIUM_MAX = 25_000;

/**
 * More than twice what one request may take, so that X is done with it, whatever it answered. When its list of an
 * account's posts shows a new one X promises nowhere: two looks that find nothing only count after this minute.
 */
const SETTLE_MS = 60_000;

export interface XOptions {
  readonly clock?: Clock;
  /** How long one request may take (ms); less than a delivery's lease. */
  readonly requestMs?: number;
}

/** X by its API v2, with the keys of the account itself (OAuth 1.0a) or a person's sign-in (OAuth 2.0). No request that changes something is ever repeated here: the delivery decides. */
export function x(outbound: Outbound, { clock = systemClock, requestMs = 25_000 }: XOptions = {}): Network {
  const askToken = createAskToken({ outbound, requestMs });
  const sessions = createSessions({ askToken, clock });
  const ask = createAsk({ outbound, clock, sessions, requestMs });
  const whose = createWhose(ask, sessions);
  /** Deliveries (by their keys) that X called duplicates. A process that does not know asks once more, and is told again. */
  const calledDuplicate = new Set<string>();

  async function publish(account: Account, post: Ready, key: DeliveryKey, signal: AbortSignal): Promise<Outcome> {
    const answered = post.replyTo && postIdOf(post.replyTo.parent);
    const cannot =
      answered === null ? say`${post.replyTo?.parent.url ?? ""} is not the address of a post on X.` : unsayable(post);
    if (cannot !== null) return { kind: "refused", why: cannot };
    const media = await uploadMedia({ outbound, ask, clock, most: MEDIA, account, signal }, post.media);
    if (!Array.isArray(media)) return media;
    const body = {
      text: post.text,
      ...(media.length > 0 ? { media: { media_ids: media } } : {}),
      ...(answered ? { reply: { in_reply_to_tweet_id: answered } } : {}),
    };
    const { deadline } = key;
    const beforeWrite = deadline && (() => deadline.check());
    return outcomeOfAsking(
      account,
      () => ask(account, { method: "POST", path: "tweets", body, signal, beforeWrite }),
      (reply) => {
        if (isDuplicate(reply)) calledDuplicate.add(key.idempotency);
        else calledDuplicate.delete(key.idempotency);
        return outcomeOf(account, reply);
      },
    );
  }

  /** What X called a duplicate and does not show is nobody's to send again but a person's. */
  async function find(account: Account, key: DeliveryKey, owned: ReadonlySet<string>, signal: AbortSignal): Promise<Found> {
    const found = await readBack({ ask, clock, idOf: whose.idOf }, account, key, owned, signal);
    if (found.kind === "posted") calledDuplicate.delete(key.idempotency);
    if (found.kind !== "absent" || !calledDuplicate.has(key.idempotency)) return found;
    return { kind: "cannot-tell", why: "X says that a post with these words is there already, and shows none." };
  }

  /** `posted` means that it is done: a post that is gone already needs no removing. */
  async function remove(account: Account, id: string, signal: AbortSignal): Promise<Outcome> {
    const path = `tweets/${encodeURIComponent(id)}`;
    return outcomeOfAsking(
      account,
      () => ask(account, { method: "DELETE", path, signal }),
      (reply) => {
        const gone = reply.status === 404 || list(reply.json, "errors").some((one) => kindOf(one) === "resource-not-found");
        const removed = reply.status === 200 && at(at(reply.json, "data"), "deleted") === true;
        if (gone || removed) return { kind: "posted", id, url: null };
        const outcome = outcomeOf(account, reply);
        return outcome.kind === "posted" ? { kind: "unknown", why: "X did not say that the post is removed." } : outcome;
      },
    );
  }

  return {
    name: "x",
    promise: "reconciled",
    settleMs: SETTLE_MS,
    keyMs: 0,
    usual: USUAL,
    scopes: scopesOf,
    // X tells nobody how much an account may write: newsroom.yaml says whether it is Premium.
    limits: async ({ settings }) => (settings["premium"] === "true" ? { ...USUAL, max: PREMIUM_MAX } : USUAL),
    signIn: createSignIn({ outbound, askToken, clock, requestMs }),
    verify: whose.verify,
    renew: sessions.renew,
    publish,
    find,
    remove,
  };
}

/** What X's API has no field for. To leave it away in silence would show what was not to be shown at once. */
function unsayable(post: Ready): string | null {
  if (post.spoiler !== null) return "X has no field for a warning before the text: put it into the text.";
  if (post.sensitive && post.media.length > 0)
    return "X's API cannot hide a picture until it is asked for: send the post without its pictures, or by hand.";
  return null;
}

async function outcomeOfAsking(
  account: Account,
  request: () => Promise<Reply>,
  read: (reply: Reply) => Outcome = (reply) => outcomeOf(account, reply),
): Promise<Outcome> {
  let reply: Reply;
  try {
    reply = await request();
  } catch (error) {
    return outcomeOfError(error);
  }
  return read(reply);
}
