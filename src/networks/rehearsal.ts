import { codeOf, reasonOf, sentenceOf } from "../lib/fault.ts";
import { say } from "../lib/say.ts";
import type { Limits } from "../lib/text/limits.ts";
import type { Account, DeliveryKey, Found, Network, Outcome, Ready, Verified } from "./network.ts";

/** What stands on the local timeline of an account in rehearsal. */
export interface TimelineEntry {
  readonly accountId: string;
  /** The delivery's key: the same account and key is the same entry. */
  readonly key: string;
  readonly text: string;
  readonly lang: string | null;
  readonly link: string | null;
  readonly media: Ready["media"];
  readonly sensitive: boolean;
  readonly spoiler: string | null;
  /** The id of the entry it answers; null for none. */
  readonly replyTo: string | null;
}

interface TimelinePost {
  readonly id: string;
  readonly url: string | null;
}

/** The local timeline, as the driver needs it. Whoever builds the application hands it in. */
export interface Timeline {
  /** Puts an entry there, once per account and key; `fresh` says whether it was this call that did. */
  put(entry: TimelineEntry): Promise<TimelinePost & { readonly fresh: boolean }>;
  /** What was put under this key, also when it was removed since. */
  find(accountId: string, key: string): Promise<TimelinePost | undefined>;
  /** Replaces what it says. Undefined when it is not there. */
  edit(accountId: string, id: string, entry: Omit<TimelineEntry, "accountId" | "key">): Promise<TimelinePost | undefined>;
  /** Takes it away. False when it was not there. */
  remove(accountId: string, id: string): Promise<boolean>;
}

/** As much as a Mastodon server takes by default. An account in rehearsal is held to its own network's limits instead. */
export const USUAL: Limits = {
  max: 500,
  unit: "grapheme",
  perLink: 23,
  shortMentions: true,
  media: { max: 4, altMax: 1500, maxBytes: 16 * 1024 * 1024 },
};

/** The key is a unique key of the timeline: it is honoured as long as the entry is kept. A hundred years, in ms. */
const KEPT_MS = 100 * 365 * 86_400_000;

/** Posts to the local timeline: everything happens but the sending. Exact, because key and post are written together. */
export function rehearsal(timeline: Timeline): Network {
  async function publish(account: Account, post: Ready, key: DeliveryKey, signal: AbortSignal): Promise<Outcome> {
    try {
      signal.throwIfAborted();
      key.deadline?.check();
    } catch (error) {
      return { kind: "busy", why: reasonOf(error) };
    }
    try {
      const { id, url } = await timeline.put({ ...said(post), accountId: account.id, key: key.idempotency });
      return { kind: "posted", id, url };
    } catch (error) {
      return unknown(error);
    }
  }

  async function find(account: Account, key: DeliveryKey, owned: ReadonlySet<string>): Promise<Found> {
    try {
      const post = await timeline.find(account.id, key.idempotency);
      return post && !owned.has(post.id) ? { kind: "posted", id: post.id, url: post.url } : { kind: "absent" };
    } catch (error) {
      return { kind: "cannot-tell", why: reasonOf(error) };
    }
  }

  async function edit(account: Account, id: string, post: Ready): Promise<Outcome> {
    try {
      const edited = await timeline.edit(account.id, id, said(post));
      return edited
        ? { kind: "posted", id: edited.id, url: edited.url }
        : { kind: "refused", why: "The post is not on the timeline any more." };
    } catch (error) {
      return unknown(error);
    }
  }

  async function remove(account: Account, id: string): Promise<Outcome> {
    try {
      await timeline.remove(account.id, id);
      return { kind: "posted", id, url: null };
    } catch (error) {
      return unknown(error);
    }
  }

  return {
    name: "rehearsal",
    promise: "exact",
    settleMs: 0,
    keyMs: KEPT_MS,
    usual: USUAL,
    limits: async () => USUAL,
    verify: async (account): Promise<Verified> => ({ ok: true, id: account.id, handle: account.handle, endsAt: null, why: null }),
    publish,
    find,
    edit,
    remove,
  };
}

function said(post: Ready): Omit<TimelineEntry, "accountId" | "key"> {
  const { text, lang, link, media, sensitive, spoiler, replyTo } = post;
  return { text, lang, link, media, sensitive, spoiler, replyTo: replyTo?.parent.id ?? null };
}

/** The timeline's store failed: a lost COMMIT may have been one. Its code helps whoever reads the history. */
function unknown(error: unknown): Outcome {
  const code = codeOf(error);
  const told = code === undefined ? sentenceOf(error) : say`${sentenceOf(error)} (${code})`;
  return { kind: "unknown", why: say`The timeline did not answer: ${told}` };
}
