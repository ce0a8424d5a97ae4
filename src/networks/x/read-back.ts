import { reasonOf } from "../../lib/fault.ts";
import { at, list, text } from "../../lib/json.ts";
import { say } from "../../lib/say.ts";
import { earliestThere, type Clock } from "../../lib/time.ts";
import type { Account, DeliveryKey, Found } from "../network.ts";
import type { Ask, Reply } from "./ask.ts";
import { addressOf, outcomeOfError, stopped } from "./outcome.ts";
import { readEntry } from "./words.ts";

/** How much earlier is read than what counts (ms): X is paid per post read, and an older one with this very link should be seen. */
const BEFORE_MS = 60 * 60_000;
const PAGE = 100;
const MOST_PAGES = 10;
/** X's reference calls the parameter `post.fields` by now; the older name is the one that all its answers still know. */
const FIELDS = [
  { "tweet.fields": "created_at,entities,note_tweet,conversation_id,referenced_tweets" },
  { "post.fields": "created_at,entities,note_post,conversation_id" },
];

interface Deps {
  readonly ask: Ask;
  readonly clock: Clock;
  idOf(account: Account, signal: AbortSignal): Promise<string>;
}

/**
 * Looks for a delivery's post among the account's own, newest first, back to the intent. From which moment on is asked for
 * by our clocks; where the first answer's `Date` shows that X's is another, it is asked again from the right one.
 */
export async function readBack(
  deps: Deps,
  account: Account,
  key: DeliveryKey,
  owned: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Found> {
  const startedAt = deps.clock.monotonic();
  /**
   * The moment on X's clock before which nothing can be this delivery: too late, and the post is not found and may be sent
   * again; too early, and whatever is found would still have to bear the same link.
   */
  const earliest = (date: string | undefined) => earliestThere(key.intentAt, key.now + deps.clock.monotonic() - startedAt, date);
  try {
    const path = `users/${encodeURIComponent(await deps.idOf(account, signal))}/tweets`;
    let start = earliest(undefined) - BEFORE_MS;
    let fields = 0;
    const ask = (next: string | null) =>
      deps.ask(account, {
        method: "GET",
        path,
        query: {
          max_results: String(PAGE),
          start_time: new Date(start).toISOString(),
          ...FIELDS[fields],
          ...(next === null ? {} : { pagination_token: next }),
        },
        signal,
      });
    let reply = await ask(null);
    const since = earliest(reply.headers["date"]);
    if (since < start) {
      start = since - BEFORE_MS;
      reply = await ask(null);
    }
    if (reply.status === 400) {
      fields = 1;
      reply = await ask(null);
    }
    const seen = { unreadable: 0, older: false };
    for (let page = 1; ; page += 1) {
      const stop = stopped(account, reply);
      if (stop !== null) return { ...cannotTell(stop), ...reply.later, lockedOut: true };
      const wrong = unreadable(reply);
      if (wrong !== null) return { ...cannotTell(wrong), ...reply.later };
      const posts = list(reply.json, "data");
      for (const post of posts) {
        const { id, made, ours } = readEntry(post, key);
        if (made < since) {
          // Older than the intent, as far as clocks can tell, and yet with this very link: a person had better look.
          if (key.link !== null && id !== null && !owned.has(id) && ours === true) seen.older = true;
        } else if (id !== null && owned.has(id)) continue;
        else if (id === null || Number.isNaN(made) || ours === null) seen.unreadable += 1;
        else if (ours) return { kind: "posted", id, url: addressOf(account, id) };
      }
      if (at(at(reply.json, "meta"), "result_count") !== posts.length || list(reply.json, "errors").length > 0)
        seen.unreadable += 1;
      const next = text(at(reply.json, "meta"), "next_token");
      if (next === null) return missed(seen);
      if (page === MOST_PAGES)
        return cannotTell(
          say`The account posted more than ${PAGE * MOST_PAGES} times since; this post may be among them or further back.`,
        );
      reply = await ask(next);
    }
  } catch (error) {
    const { kind } = outcomeOfError(error);
    return { ...cannotTell(reasonOf(error)), lockedOut: kind === "locked-out" };
  }
}

function missed({ unreadable, older }: { readonly unreadable: number; readonly older: boolean }): Found {
  if (older)
    return cannotTell("A post with this link is there, from before this was sent: the clocks differ, or it was sent by hand.");
  return unreadable === 0
    ? { kind: "absent" }
    : cannotTell(say`${unreadable} of the account's posts could not be read; this one may be among them.`);
}

function unreadable({ status, json, told }: Reply): string | null {
  if (status !== 200) return say`The account's posts could not be read (${status}): ${told}`;
  const meta = at(json, "meta");
  const counted = typeof at(meta, "result_count") === "number";
  const listed = Array.isArray(at(json, "data")) || (counted && at(json, "data") === undefined);
  return counted && listed ? null : say`The account's posts could not be read: the answer is not what ${"X"} answers.`;
}

function cannotTell(why: string) {
  return { kind: "cannot-tell", why } as const;
}
