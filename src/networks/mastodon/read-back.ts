import { sentenceOf } from "../../lib/fault.ts";
import { readHtml } from "../../lib/read-html.ts";
import type { Clock } from "../../lib/time.ts";
import type { Account, DeliveryKey, Found } from "../network.ts";
import type { Ask } from "./ask.ts";
import { at, text, webAddress } from "./json.ts";

/** What the two clocks may differ by once the server's `Date`, which has whole seconds, has told how they stand (ms). */
const TOLERANCE_MS = 10_000;
/** The same where the server sends no `Date`: clocks are then taken to agree within this (ms). */
const UNTOLD_MS = 5 * 60_000;
const PAGE = 40;
const MOST_PAGES = 10;

interface Deps {
  readonly ask: Ask;
  readonly clock: Clock;
  idOf(account: Account, signal: AbortSignal): Promise<string>;
}

/**
 * Looks for a delivery's post among the account's own, newest first, back to the intent. A page may be short though more
 * follow (Mastodon leaves out what is filtered after it was counted): only an empty page is the end.
 */
export async function readBack(
  deps: Deps,
  account: Account,
  key: DeliveryKey,
  owned: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Found> {
  const startedAt = deps.clock.monotonic();
  try {
    const id = encodeURIComponent(await deps.idOf(account, signal));
    let since: number | undefined;
    let unreadable = 0;
    let older = false;
    const ended = (): Found => {
      if (older)
        return cannotTell(
          "A post with this link is there, from before this was sent: the clocks differ, or it was sent by hand.",
        );
      return unreadable === 0
        ? { kind: "absent" }
        : cannotTell(`${unreadable} of the account's posts could not be read; this one may be among them.`);
    };
    for (let page = 0, before = ""; page < MOST_PAGES; page += 1) {
      const reply = await deps.ask(
        account,
        `/api/v1/accounts/${id}/statuses?exclude_reblogs=true&limit=${PAGE}${before && `&max_id=${encodeURIComponent(before)}`}`,
        { signal },
      );
      if (reply.status !== 200)
        return { ...cannotTell(`The account's posts could not be read (${reply.status}): ${reply.told}`), ...reply.later };
      if (!Array.isArray(reply.json))
        return cannotTell("The account's posts could not be read: the answer is not what Mastodon answers.");
      since ??= earliest(key, reply.headers["date"], deps.clock.monotonic() - startedAt);
      let last: { readonly id: string; readonly made: number } | undefined;
      for (const one of reply.json as unknown[]) {
        const [id, made, content] = [text(one, "id"), Date.parse(text(one, "created_at") ?? ""), contentOf(one)];
        if (id !== null && !Number.isNaN(made)) last = { id, made };
        if (made < since) {
          // Older than the intent, as far as clocks can tell, and yet with this very link: a person had better look.
          if (key.link !== null && id !== null && content !== null && !owned.has(id) && isOurs(one, content, key)) older = true;
          continue;
        }
        if (id === null || Number.isNaN(made) || content === null) unreadable += 1;
        else if (!owned.has(id) && isOurs(one, content, key)) return { kind: "posted", id, url: webAddress(one, "url") };
      }
      if (!last || last.made < since) return ended();
      before = last.id;
    }
    return cannotTell(
      `The account posted more than ${PAGE * MOST_PAGES} times since; this post may be among them or further back.`,
    );
  } catch (error) {
    return cannotTell(sentenceOf(error));
  }
}

/**
 * The moment on the server's clock before which nothing can be this delivery. Every doubt makes it earlier: a post that
 * is not found is sent again, while one found too early would have to bear the same link.
 *
 * @param date the answer's `Date`
 * @param sinceKeyMs how long ago `key.now` was read
 */
function earliest(key: DeliveryKey, date: string | undefined, sinceKeyMs: number): number {
  const theirs = Date.parse(date ?? "");
  if (Number.isNaN(theirs)) return key.intentAt - UNTOLD_MS;
  return key.intentAt + theirs - (key.now + sinceKeyMs) - TOLERANCE_MS;
}

/** Empty for a post of pictures alone; null when it cannot be read. */
function contentOf(status: unknown): string | null {
  const content = at(status, "content");
  return typeof content === "string" ? content : null;
}

/** By the post's own link, which no other post has; without one, by its words. */
function isOurs(status: unknown, content: string, key: DeliveryKey): boolean {
  const { text: words, links } = readHtml(content);
  if (key.link !== null) return links.includes(key.link) || text(at(status, "card"), "url") === key.link;
  return plain(words) === plain(key.text);
}

/** `@Someone@their.example`, as written or as Mastodon shows it: `@someone`. */
const MENTION = /(?<![/=\p{L}\p{N}_])@(\w+(?:[.-]+\w+)*)(?:@[\p{L}\p{N}](?:[\p{L}\p{N}.:_-]*[\p{L}\p{N}])?)?/gu;

function plain(words: string): string {
  return words
    .normalize("NFC")
    .replace(MENTION, (_all, name: string) => `@${name.toLowerCase()}`)
    .replace(/\s+/gu, " ")
    .trim();
}

function cannotTell(why: string): Found {
  return { kind: "cannot-tell", why };
}
