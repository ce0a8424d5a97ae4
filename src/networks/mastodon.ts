import { Fault } from "../lib/fault.ts";
import { at, number, text } from "../lib/json.ts";
import type { Outbound } from "../lib/outbound/outbound.ts";
import { say } from "../lib/say.ts";
import type { Limits } from "../lib/text/limits.ts";
import { systemClock, type Clock } from "../lib/time.ts";
import { createAsk, createAskOpenly, type Reply } from "./mastodon/ask.ts";
import { uploadMedia } from "./mastodon/media.ts";
import { outcomeOf, outcomeOfError } from "./mastodon/outcome.ts";
import { readBack } from "./mastodon/read-back.ts";
import { answeredBy } from "./mastodon/reply.ts";
import { createSignIn } from "./mastodon/sign-in.ts";
import { createWhose } from "./mastodon/whose.ts";
import { serverScope } from "./hearing.ts";
import { beforehand, type Account, type DeliveryKey, type Network, type Outcome, type Ready } from "./network.ts";

export const USUAL: Limits = {
  max: 500,
  unit: "grapheme",
  perLink: 23,
  shortMentions: true,
  spoiler: true,
  media: { max: 4, altMax: 1_500, maxBytes: 16 * 1024 * 1024 },
};

/** Mastodon keeps an Idempotency-Key for an hour; a few minutes less, so that clocks need not agree. */
const KEY_MS = 55 * 60_000;
/** Longer than our own request may take: a server that is still working on it is done by then. */
const SETTLE_MS = 45_000;
const JSON_BODY = { "content-type": "application/json" };

export interface MastodonOptions {
  readonly clock?: Clock;
  /** How long one request may take (ms); less than a delivery's lease. */
  readonly requestMs?: number;
}

/** Mastodon, and whatever speaks its API. No request is ever repeated here: the delivery decides. */
export function mastodon(outbound: Outbound, { clock = systemClock, requestMs = 25_000 }: MastodonOptions = {}): Network {
  const ask = createAsk({ outbound, clock, requestMs });
  const askOpenly = createAskOpenly({ outbound, clock, requestMs });
  const whose = createWhose(ask);

  async function publish(account: Account, post: Ready, key: DeliveryKey, signal: AbortSignal): Promise<Outcome> {
    const answers = answeredBy(post);
    if ("kind" in answers) return answers;
    const media = await uploadMedia({ outbound, ask, clock, limits: USUAL, account, signal }, post.media);
    if (!Array.isArray(media)) return media;
    const body = JSON.stringify({
      status: post.text,
      ...(media.length > 0 ? { media_ids: media } : {}),
      visibility: typeof account.settings["visibility"] === "string" ? account.settings["visibility"] : "public",
      ...(post.lang ? { language: languageOf(post.lang) } : {}),
      sensitive: post.sensitive,
      ...(post.spoiler ? { spoiler_text: post.spoiler } : {}),
      ...answers,
    });
    const { deadline } = key;
    const headers = { ...JSON_BODY, "idempotency-key": key.idempotency };
    return outcomeOfAsking(() =>
      ask(account, "/api/v1/statuses", {
        method: "POST",
        headers,
        body,
        signal,
        ...(deadline ? { beforeWrite: () => deadline.check() } : {}),
      }),
    );
  }

  async function limits(account: Account, signal: AbortSignal): Promise<Limits> {
    const { status, json, told } = await askOpenly(account, "/api/v2/instance", { signal });
    const configuration = at(json, "configuration");
    const [statuses, media] = [at(configuration, "statuses"), at(configuration, "media_attachments")];
    const max = number(statuses, "max_characters");
    if (status !== 200 || max === null)
      throw new Fault("MASTODON_ANSWER", say`${account.server} did not say what a post may hold: ${told}`);
    const known = USUAL.media!;
    return {
      ...USUAL,
      max,
      perLink: number(statuses, "characters_reserved_per_url") ?? USUAL.perLink,
      media: {
        max: number(statuses, "max_media_attachments") ?? known.max,
        altMax: number(media, "description_limit") ?? known.altMax,
        maxBytes: number(media, "image_size_limit") ?? known.maxBytes,
      },
    };
  }

  /** The words are changed; its pictures stay, which Mastodon would take away if they were not named again. */
  async function edit(account: Account, id: string, post: Ready, signal: AbortSignal): Promise<Outcome> {
    const pictures = await picturesOf(account, id, signal);
    if (!Array.isArray(pictures)) return pictures;
    const body = JSON.stringify({
      status: post.text,
      ...(pictures.length > 0 ? { media_ids: pictures } : {}),
      ...(post.lang ? { language: languageOf(post.lang) } : {}),
      sensitive: post.sensitive,
      spoiler_text: post.spoiler ?? "",
    });
    return outcomeOfAsking(() => ask(account, statusPath(id), { method: "PUT", headers: JSON_BODY, body, signal }));
  }

  async function picturesOf(account: Account, id: string, signal: AbortSignal): Promise<string[] | Outcome> {
    let reply: Reply;
    try {
      reply = await ask(account, statusPath(id), { signal });
    } catch (error) {
      return beforehand(outcomeOfError(error));
    }
    const there = outcomeOf(reply);
    if (there.kind !== "posted") return beforehand(there);
    const attached = at(reply.json, "media_attachments");
    const ids = Array.isArray(attached) ? attached.map((one: unknown) => text(one, "id")) : [null];
    if (!ids.every((one) => one !== null))
      return { kind: "busy", why: "The server did not say which pictures the post has, so that an edit could lose them." };
    return ids;
  }

  /** `posted` means that it is done: a post that is gone already needs no removing. */
  async function remove(account: Account, id: string, signal: AbortSignal): Promise<Outcome> {
    const outcome = await outcomeOfAsking(
      () => ask(account, statusPath(id), { method: "DELETE", signal }),
      (reply) => (reply.status === 404 || reply.status === 410 ? { kind: "posted", id, url: null } : outcomeOf(reply)),
    );
    return outcome.kind === "posted" ? { kind: "posted", id, url: null } : outcome;
  }

  return {
    name: "mastodon",
    promise: "reconciled",
    settleMs: SETTLE_MS,
    keyMs: KEY_MS,
    usual: USUAL,
    scopes: async (account) => serverScope(account),
    signIn: createSignIn({ outbound, clock, requestMs }),
    limits,
    verify: whose.verify,
    publish,
    find: (account, key, owned, signal) => readBack({ ask, clock, idOf: whose.idOf }, account, key, owned, signal),
    edit,
    remove,
  };
}

async function outcomeOfAsking(request: () => Promise<Reply>, read: (reply: Reply) => Outcome = outcomeOf): Promise<Outcome> {
  let reply: Reply;
  try {
    reply = await request();
  } catch (error) {
    return outcomeOfError(error);
  }
  return read(reply);
}

/** Mastodon's own list has no regions, and Kurmanji as `ku`. */
function languageOf(lang: string): string {
  const [language = lang] = lang.split("-");
  return language === "kmr" ? "ku" : language;
}

function statusPath(id: string): string {
  return `/api/v1/statuses/${encodeURIComponent(id)}`;
}
