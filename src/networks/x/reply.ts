import { at, list, text } from "../../lib/json.ts";
import type { DeliveryKey, Placed } from "../network.ts";

/** A post by its id, else by its address: `https://x.com/example/status/1990000000000000000`. Null where neither tells. */
export function postIdOf({ id, url }: Placed): string | null {
  return id ?? /\/status\/(\d{1,19})(?:\/|$)/.exec(URL.parse(url ?? "")?.pathname ?? "")?.[1] ?? null;
}

/**
 * Whether a post as X lists it answers what the delivery's does. Null where X does not say: by its newer names it tells only
 * the conversation, which is the first post's id, so that a part in the middle of a thread cannot be told from the next.
 */
export function answers(post: unknown, { replyTo }: Pick<DeliveryKey, "replyTo">): boolean | null {
  const wanted = replyTo === undefined ? null : postIdOf(replyTo.parent);
  const referenced = [...list(post, "referenced_tweets"), ...list(post, "referenced_posts")];
  const parent = text(
    referenced.find((one) => at(one, "type") === "replied_to"),
    "id",
  );
  if (parent !== null) return parent === wanted;
  const [id, conversation] = [text(post, "id"), text(post, "conversation_id")];
  if (wanted === null) return conversation === null || conversation === id;
  const root = replyTo === undefined ? null : postIdOf(replyTo.root);
  return conversation === null || conversation === id || conversation === root ? null : false;
}
