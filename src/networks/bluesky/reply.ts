import type { AppBskyFeedPost } from "@atproto/api";
import { say } from "../../lib/say.ts";
import type { Placed, ReplyTo } from "../network.ts";
import type { Failed } from "./outcome.ts";

export type Answered = AppBskyFeedPost.ReplyRef;

/** A post by its id, else by its page: `https://bsky.app/profile/did:plc:.../post/3k...`. Null where neither tells. */
export function uriOf({ id, url }: Placed): string | null {
  if (id !== null) return id;
  const [, repo, rkey] = /^\/profile\/([^/]+)\/post\/([a-z2-7]+)$/.exec(URL.parse(url ?? "")?.pathname ?? "") ?? [];
  return repo === undefined ? null : `at://${repo}/app.bsky.feed.post/${rkey}`;
}

export function rkeyOf(uri: string): string {
  return uri.split("/").at(-1) ?? "";
}

/**
 * The answered post and the first of its thread as strong references: an address with what stands there. What was told when
 * they were posted is taken, so that every try writes the same bytes; only where nobody told, they are looked up.
 */
export async function answeredBy(
  { parent, root }: ReplyTo,
  cidOf: (uri: string) => Promise<string | Failed>,
): Promise<Answered | Failed> {
  const refs = [];
  for (const placed of [root, parent]) {
    const uri = uriOf(placed);
    if (uri === null) return { kind: "refused", why: say`${placed.url ?? ""} is not the address of a post on Bluesky.` };
    const cid = placed.ref ?? (await cidOf(uri));
    if (typeof cid !== "string") return cid;
    refs.push({ uri, cid });
  }
  return { $type: "app.bsky.feed.post#replyRef", root: refs[0]!, parent: refs[1]! };
}
