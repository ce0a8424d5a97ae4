import { Fault } from "../lib/fault.ts";
import type { Outbound } from "../lib/outbound/outbound.ts";
import { say } from "../lib/say.ts";
import type { Limits } from "../lib/text/limits.ts";
import { systemClock, type Clock } from "../lib/time.ts";
import { createAsk } from "./bluesky/ask.ts";
import { keptSession, type Session } from "./bluesky/kept.ts";
import { cannotLook, failed, failedBy, type Failed } from "./bluesky/outcome.ts";
import { embedOf } from "./bluesky/pictures.ts";
import { COLLECTION, recordOf } from "./bluesky/record.ts";
import { answeredBy, rkeyOf, uriOf } from "./bluesky/reply.ts";
import { search } from "./bluesky/search.ts";
import { createSessions } from "./bluesky/session.ts";
import { tidOf } from "./bluesky/tid.ts";
import { serverScope } from "./hearing.ts";
import {
  beforehand,
  type Account,
  type DeliveryKey,
  type Found,
  type Network,
  type Outcome,
  type Ready,
  type SharedScope,
  type Verified,
} from "./network.ts";

const MEDIA = { max: 4, altMax: 2_000, maxBytes: 1_000_000 };
export const USUAL: Limits = { max: 300, unit: "grapheme", perLink: null, maxBytes: 3_000, media: MEDIA };

/** The key is the record's own name in the account's repository: it is honoured for as long as the record is there. */
const KEY_MS = 100 * 365 * 86_400_000;
/** A server reads what it wrote; the rest is for a request that is still on its way. */
const SETTLE_MS = 5_000;

export interface BlueskyOptions {
  readonly clock?: Clock;
  /** How long one request may take (ms); less than a delivery's lease. */
  readonly requestMs?: number;
}

/**
 * Bluesky, and any other server of atproto's. A post is a record under a key of our choosing, written only where nothing
 * stands yet: the same key again can never make a second one, so that no doubt about an answer is left to a person.
 */
export function bluesky(outbound: Outbound, { clock = systemClock, requestMs = 25_000 }: BlueskyOptions = {}): Network {
  const ask = createAsk({ outbound, clock, requestMs });
  const sessions = createSessions({ ask, clock });

  async function publish(account: Account, post: Ready, key: DeliveryKey, signal: AbortSignal): Promise<Outcome> {
    let session: Session | Failed;
    let record: Awaited<ReturnType<typeof recordOf>>;
    try {
      session = await sessions.of(account, signal);
      if ("kind" in session) return session;
      const asked = session;
      const embed = await embedOf(
        { outbound, limits: MEDIA, signal, ask: (call, until) => sessions.ask(account, asked, call, { signal: until }) },
        post,
      );
      if (embed && "kind" in embed) return embed;
      const answered = post.replyTo && (await answeredBy(post.replyTo, (uri) => cidOf(account, asked, uri, signal)));
      if (answered && "kind" in answered) return answered;
      record = await recordOf(post, key, { embed, answered });
    } catch (error) {
      return beforehand(failedBy(error));
    }
    const { did: repo } = session;
    const { deadline, idempotency: rkey } = key;
    return outcomeOf(async () => {
      const reply = await sessions.ask(
        account,
        session,
        (agent) => agent.com.atproto.repo.putRecord({ repo, collection: COLLECTION, rkey, record, swapRecord: null }),
        { signal, beforeWrite: deadline && (() => deadline.check()) },
      );
      if ("kind" in reply) return reply;
      if (reply.data) return posted(session, reply.data.uri, rkey, reply.data.cid);
      return reply.error === "InvalidSwap" ? afterSwap(account, session, key, signal) : failed(reply);
    });
  }

  /** A record stands at our key that is not byte for byte ours: a card's picture may have changed between two tries. */
  async function afterSwap(account: Account, session: Session, key: DeliveryKey, signal: AbortSignal): Promise<Outcome> {
    const found = await lookUp(account, session, key, signal);
    if (found.kind === "posted") return found;
    return found.kind === "absent"
      ? { kind: "unknown", why: "The server says that the post is there already, and that it is not." }
      : { ...found, kind: "unknown" };
  }

  async function find(account: Account, key: DeliveryKey, owned: ReadonlySet<string>, signal: AbortSignal): Promise<Found> {
    try {
      const session = await sessions.of(account, signal);
      if ("kind" in session) return cannotLook(session);
      const found = await lookUp(account, session, key, signal);
      return found.kind === "posted" && owned.has(found.id) ? { kind: "absent" } : found;
    } catch (error) {
      return cannotLook(failedBy(error));
    }
  }

  /** Reading needs no token: what ended or was revoked does not keep us from looking. */
  async function lookUp(account: Account, session: Session, key: DeliveryKey, signal: AbortSignal): Promise<Found> {
    const rkey = key.idempotency;
    const reply = await ask(account, { service: session.service, signal }, (agent) =>
      agent.com.atproto.repo.getRecord({ repo: session.did, collection: COLLECTION, rkey }),
    );
    if (reply.error === "RecordNotFound") return { kind: "absent" };
    if (!reply.data)
      return { kind: "cannot-tell", why: say`The post could not be looked up (${reply.status}): ${reply.told}`, ...reply.later };
    const { value, cid } = reply.data;
    const parent = (value["reply"] as { parent?: { uri?: unknown } } | undefined)?.parent?.uri ?? null;
    return value["text"] === key.text && parent === (key.replyTo ? uriOf(key.replyTo.parent) : null)
      ? posted(session, reply.data.uri, rkey, cid)
      : { kind: "cannot-tell", why: "A post with other words stands under this post's key." };
  }

  async function searchFor(account: Account, key: DeliveryKey, owned: ReadonlySet<string>, signal: AbortSignal): Promise<Found> {
    try {
      const session = await sessions.of(account, signal);
      return "kind" in session ? cannotLook(session) : await search(ask, account, session, key, owned, signal);
    } catch (error) {
      return cannotLook(failedBy(error));
    }
  }

  /** What stands at an address, as atproto names its content; or what keeps an answer to it from being sent. */
  async function cidOf(account: Account, { service }: Session, uri: string, signal: AbortSignal): Promise<string | Failed> {
    const [, , repo = "", collection = ""] = uri.split("/");
    const reply = await ask(account, { service, signal }, (agent) =>
      agent.com.atproto.repo.getRecord({ repo, collection, rkey: rkeyOf(uri) }),
    );
    if (reply.error === "RecordNotFound") return { kind: "refused", why: "The post it answers is not on Bluesky any more." };
    return reply.data?.cid ?? beforehand(failed(reply));
  }

  async function verify(account: Account, signal: AbortSignal): Promise<Verified> {
    const session = await sessions.proven(account, signal);
    if (!("kind" in session)) {
      const { active: ok, did: id, handle } = session;
      const why = ok ? null : say`The account ${account.name} is deactivated or taken down on ${account.server}.`;
      return { ok, id, handle, endsAt: null, why };
    }
    const { kind, why } = session;
    if (kind === "locked-out") return { ok: false, id: null, handle: null, endsAt: null, why };
    throw new Fault("BLUESKY_ANSWER", say`${account.server} did not say whose session this is: ${why}`);
  }

  /** Where it logs in, and where its records are. */
  async function scopes(account: Account): Promise<readonly SharedScope[]> {
    const session = keptSession(account, await account.secret.find("session"));
    return [...new Set([account.server, session?.service ?? ""].flatMap((server) => serverScope({ server })))];
  }

  /** `posted` means that it is done: the server takes the removal of what is gone already. */
  async function remove(account: Account, id: string, signal: AbortSignal): Promise<Outcome> {
    const [, , repo, collection, rkey] = id.split("/");
    if (!repo || !collection || !rkey) return { kind: "refused", why: say`${id} is no address of a post on Bluesky.` };
    return outcomeOf(async () => {
      const session = await sessions.of(account, signal);
      if ("kind" in session) return session;
      const reply = await sessions.ask(
        account,
        session,
        (agent) => agent.com.atproto.repo.deleteRecord({ repo, collection, rkey }),
        { signal },
      );
      if ("kind" in reply) return reply;
      return reply.data ? { kind: "posted", id, url: null } : failed(reply);
    });
  }

  return {
    name: "bluesky",
    promise: "exact",
    settleMs: SETTLE_MS,
    keyMs: KEY_MS,
    newKey: tidOf,
    usual: USUAL,
    scopes,
    limits: () => Promise.resolve(USUAL),
    verify,
    publish,
    find,
    search: searchFor,
    remove,
  };
}

async function outcomeOf(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    return failedBy(error);
  }
}

/** Its address names the account by what never changes; a handle may. */
function posted({ did }: Session, uri: string, rkey: string, cid?: string): Extract<Outcome, { kind: "posted" }> {
  return {
    kind: "posted",
    id: uri,
    url: `https://bsky.app/profile/${did}/post/${rkey}`,
    ...(cid === undefined ? {} : { ref: cid }),
  };
}
