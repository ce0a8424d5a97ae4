import { reasonOf } from "../lib/fault.ts";
import type { Answer, Outbound } from "../lib/outbound/outbound.ts";
import { dirOf } from "../lib/text/direction.ts";
import type { Limits } from "../lib/text/limits.ts";
import { systemClock, type Clock } from "../lib/time.ts";
import { hearing, hostScope, rateOf } from "./hearing.ts";
import type { Account, DeliveryKey, Media, Network, Outcome, Placed, Ready, Verified } from "./network.ts";
import { endpointOf, signed, type Endpoint } from "./webhook/endpoint.ts";
import { outcomeOf, outcomeOfError } from "./webhook/outcome.ts";

/** What a receiver must be ready for; it may show less. */
export const USUAL: Limits = {
  max: 5_000,
  unit: "grapheme",
  perLink: null,
  media: { max: 4, altMax: 1_500, maxBytes: 16 * 1024 * 1024 },
  spoiler: true,
};

/** A receiver keeps the ids of what it took for good; a delivery is given up long before a year. */
const KEY_MS = 365 * 24 * 3_600_000;
const ANSWER_MAX_BYTES = 1024 * 1024;

export interface WebhookOptions {
  readonly clock?: Clock;
  /** How long one request may take (ms); less than a delivery's lease. */
  readonly requestMs?: number;
}

/** A program of the newsroom's own that takes our posts: Standard Webhooks, told apart by their id however often sent. */
export function webhook(outbound: Outbound, { clock = systemClock, requestMs = 25_000 }: WebhookOptions = {}): Network {
  async function publish(account: Account, post: Ready, key: DeliveryKey, signal: AbortSignal): Promise<Outcome> {
    const { idempotency: id, deadline } = key;
    let endpoint: Endpoint;
    let answer: Answer;
    try {
      endpoint = await endpointOf(account);
      const body = JSON.stringify(messageOf(account, post, key));
      const { url } = endpoint;
      const headers = { "content-type": "application/json", ...signed(endpoint, id, new Date(clock.now()), body) };
      answer = await hearing(
        { account, url, now: clock.now },
        () =>
          outbound.request(url, {
            method: "POST",
            headers,
            body,
            signal,
            timeoutMs: requestMs,
            maxBytes: ANSWER_MAX_BYTES,
            ...(deadline ? { beforeWrite: () => deadline.check() } : {}),
          }),
        (told, now) => rateOf(told.headers, "x-ratelimit", { scope: "account", of: "posts" }, now),
      );
    } catch (error) {
      return outcomeOfError(error);
    }
    return outcomeOf(answer, { endpoint, id, now: clock.now() });
  }

  /** There is no request without an effect, so only the settings are looked at: the first post tells the rest. */
  async function verify(account: Account): Promise<Verified> {
    const told = { id: null, endsAt: null };
    try {
      const { url } = await endpointOf(account);
      return { ok: true, ...told, handle: url.host, why: null };
    } catch (error) {
      return { ok: false, ...told, handle: null, why: reasonOf(error) };
    }
  }

  async function scopes({ settings: { url } }: Account) {
    const parsed = typeof url === "string" ? URL.parse(url) : null;
    return parsed === null ? [] : [hostScope(parsed)];
  }

  return {
    name: "webhook",
    promise: "exact",
    settleMs: 0,
    keyMs: KEY_MS,
    usual: USUAL,
    scopes,
    limits: async () => USUAL,
    verify,
    publish,
  };
}

/** The same bytes on every try: its time is that of the intent, and its fields stand in this order. */
function messageOf(account: Account, post: Ready, key: DeliveryKey): object {
  return {
    type: "post.published",
    timestamp: new Date(key.intentAt).toISOString(),
    data: {
      id: key.idempotency,
      account: account.name,
      text: post.text,
      lang: post.lang,
      dir: dirOf(post.lang, post.text),
      link: post.link,
      card: post.card && {
        url: post.card.url,
        title: post.card.title,
        description: post.card.description,
        image: post.card.image && shown(post.card.image),
      },
      media: post.media.map(shown),
      sensitive: post.sensitive,
      spoiler: post.spoiler,
      replyTo: post.replyTo ? { parent: placed(post.replyTo.parent), root: placed(post.replyTo.root) } : null,
    },
  };
}

/** By the id its own message had, and where the receiver said that it stands. */
function placed({ id, url }: Placed): object {
  return { id, url };
}

function shown({ url, alt }: Media): object {
  return { url, alt };
}
