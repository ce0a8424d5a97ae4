import { say } from "../../lib/say.ts";
import type { Outcome, Placed, Ready } from "../network.ts";

/** A status by its id, else by the end of its address: `https://mastodon.example/@desk/109342`. Null where neither tells. */
export function statusIdOf({ id, url }: Placed): string | null {
  return id ?? /\/(\d{1,20})$/.exec(URL.parse(url ?? "")?.pathname ?? "")?.[1] ?? null;
}

/** The field that makes a status an answer; a post that must be one and cannot is refused, never sent alone. */
export function answeredBy({ replyTo }: Ready): { readonly in_reply_to_id?: string } | Extract<Outcome, { kind: "refused" }> {
  if (replyTo === undefined) return {};
  const id = statusIdOf(replyTo.parent);
  return id === null
    ? { kind: "refused", why: say`${replyTo.parent.url ?? ""} is not the address of a post on Mastodon.` }
    : { in_reply_to_id: id };
}
