import { at, list, text } from "../../lib/json.ts";
import { say } from "../../lib/say.ts";
import type { Account, DeliveryKey, Found } from "../network.ts";
import type { Ask } from "./ask.ts";
import type { Session } from "./kept.ts";
import { COLLECTION } from "./record.ts";
import { tidOf } from "./tid.ts";

const PAGE = 100;
const MOST_PAGES = 20;
/** Record keys are made from their writers' clocks, which may stand apart by this (ms). */
const CLOCKS_MS = 60 * 60_000;

/**
 * Looks for a delivery's post whose record key nobody knows any more: by its link, through the account's own posts, newest
 * first, back to the intent. Needs no token.
 */
export async function search(
  ask: Ask,
  account: Account,
  session: Session,
  key: DeliveryKey,
  owned: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Found> {
  // Keys sort by time.
  const oldest = tidOf({ now: key.intentAt - CLOCKS_MS, random: () => 0 });
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const reply = await ask(account, { service: session.service, signal }, (agent) =>
      agent.com.atproto.repo.listRecords({
        repo: session.did,
        collection: COLLECTION,
        limit: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    );
    if (!reply.data)
      return {
        kind: "cannot-tell",
        why: say`The account's posts could not be read (${reply.status}): ${reply.told}`,
        ...reply.later,
      };
    for (const { uri, cid, value } of reply.data.records) {
      const rkey = uri.split("/").at(-1) ?? "";
      if (rkey < oldest) return { kind: "absent" };
      if (!owned.has(uri) && isOurs(value, key))
        return { kind: "posted", id: uri, url: `https://bsky.app/profile/${session.did}/post/${rkey}`, ref: cid };
    }
    ({ cursor } = reply.data);
    if (cursor === undefined || reply.data.records.length === 0) return { kind: "absent" };
  }
  return {
    kind: "cannot-tell",
    why: say`The account posted more than ${PAGE * MOST_PAGES} times since; this post may be among them or further back.`,
  };
}

/** By the post's own link, which no other post has; without one, by its words. */
function isOurs(record: unknown, { link, text: words }: DeliveryKey): boolean {
  if (link === null) return text(record, "text") === words;
  if (text(at(at(record, "embed"), "external"), "uri") === link) return true;
  return list(record, "facets").some((facet) => list(facet, "features").some((feature) => text(feature, "uri") === link));
}
