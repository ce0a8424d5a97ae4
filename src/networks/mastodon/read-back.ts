import { codeOf, reasonOf } from "../../lib/fault.ts";
import { at, text, webAddress } from "../../lib/json.ts";
import { readHtml } from "../../lib/read-html.ts";
import { say } from "../../lib/say.ts";
import { earliestThere, type Clock } from "../../lib/time.ts";
import type { Account, DeliveryKey, Found } from "../network.ts";
import type { Ask } from "./ask.ts";
import { statusIdOf } from "./reply.ts";
import { lockedOut } from "./whose.ts";

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
        : cannotTell(say`${unreadable} of the account's posts could not be read; this one may be among them.`);
    };
    for (let page = 0, before = ""; page < MOST_PAGES; page += 1) {
      const reply = await deps.ask(
        account,
        `/api/v1/accounts/${id}/statuses?exclude_reblogs=true&limit=${PAGE}${before && `&max_id=${encodeURIComponent(before)}`}`,
        { signal },
      );
      // A 403 is only about reading: a token may be allowed to post, and nothing else.
      if (reply.status === 401) return { ...cannotTell(lockedOut(account, 401, reply.told)), lockedOut: true };
      if (reply.status !== 200)
        return { ...cannotTell(say`The account's posts could not be read (${reply.status}): ${reply.told}`), ...reply.later };
      if (!Array.isArray(reply.json))
        return cannotTell(say`The account's posts could not be read: the answer is not what ${"Mastodon"} answers.`);
      // The moment on the server's clock before which nothing can be this delivery: too late, and the post is not found and
      // is sent again; too early, and whatever is found would still have to bear the same link.
      since ??= earliestThere(key.intentAt, key.now + deps.clock.monotonic() - startedAt, reply.headers["date"]);
      let last: { readonly id: string; readonly made: number } | undefined;
      for (const one of reply.json as unknown[]) {
        const [id, made, content] = [text(one, "id"), Date.parse(text(one, "created_at") ?? ""), contentOf(one)];
        if (id !== null && !Number.isNaN(made)) last = { id, made };
        if (made < since) {
          // Older than the intent, as far as clocks can tell, and yet with this very link: a person had better look.
          if (key.link !== null && id !== null && content !== null && !owned.has(id) && isOurs(one, content, key)) older = true;
          continue;
        }
        if (id !== null && owned.has(id)) continue;
        const ours = content === null ? null : isOurs(one, content, key);
        if (id === null || Number.isNaN(made) || ours === null) unreadable += 1;
        else if (ours) return { kind: "posted", id, url: webAddress(one, "url") };
      }
      if (!last || last.made < since) return ended();
      before = last.id;
    }
    return cannotTell(
      say`The account posted more than ${PAGE * MOST_PAGES} times since; this post may be among them or further back.`,
    );
  } catch (error) {
    return { ...cannotTell(reasonOf(error)), lockedOut: TURNED_AWAY.has(codeOf(error) ?? "") };
  }
}

/** Empty for a post of pictures alone; null when it cannot be read. */
function contentOf(status: unknown): string | null {
  const content = at(status, "content");
  return typeof content === "string" ? content : null;
}

/**
 * By the post's own link, which no other post has; without one, by its words and by what it answers. Null where that cannot
 * be told: an answer whose parent was deleted since says no more what it answered.
 */
function isOurs(status: unknown, content: string, key: DeliveryKey): boolean | null {
  const { text: words, links } = readHtml(content);
  if (key.link !== null) return links.includes(key.link) || text(at(status, "card"), "url") === key.link;
  if (plain(words) !== plain(key.text)) return false;
  const wanted = key.replyTo === undefined ? null : statusIdOf(key.replyTo.parent);
  const parent = text(status, "in_reply_to_id");
  return parent === null && wanted !== null ? null : parent === wanted;
}

/** `@Someone@their.example`, as written or as Mastodon shows it: `@someone`. */
const MENTION = /(?<![/=\p{L}\p{N}_])@(\w+(?:[.-]+\w+)*)(?:@[\p{L}\p{N}](?:[\p{L}\p{N}.:_-]*[\p{L}\p{N}])?)?/gu;

function plain(words: string): string {
  return (
    words
      .normalize("NFC")
      .replace(MENTION, (_all, name: string) => `@${name.toLowerCase()}`)
      // A network may drop direction marks; a reader sees none.
      .replace(/[\u200e\u200f]/gu, "")
      .replace(/\s+/gu, " ")
      .trim()
  );
}

const TURNED_AWAY = new Set(["MASTODON_TURNED_AWAY", "SECRET_MISSING"]);

function cannotTell(why: string) {
  return { kind: "cannot-tell", why } as const;
}
