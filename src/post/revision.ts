import { createHash } from "node:crypto";

import { linksIn } from "../lib/text/links.ts";
import type { Limits } from "../lib/text/limits.ts";

interface Picture {
  readonly url: string;
  readonly alt: string;
}

/** What stands of the story under a post, where its network lets the client say so. */
export interface PostCard {
  readonly url: string;
  readonly title: string;
  readonly description: string;
  readonly image: Picture | null;
}

/** Everything of a revision that is sent. */
export interface Sent {
  readonly text: string;
  readonly lang: string | null;
  readonly media: readonly Picture[];
  readonly card: PostCard | null;
  readonly sensitive: boolean;
  readonly spoiler: string | null;
}

/** SHA-256 (hex) of everything that is sent, so that what was approved is what goes out. */
export function hashOf(it: Sent): string {
  const media = it.media.map(plain);
  // Revisions from before there were cards keep their hash.
  const { card } = it;
  const under = card === null ? [] : [[card.url, card.title, card.description, card.image && plain(card.image)]];
  return createHash("sha256")
    .update(JSON.stringify([it.text, it.lang, media, it.sensitive, it.spoiler, ...under]))
    .digest("hex");
}

/** SHA-256 (hex) of the words alone, however they are spaced and whatever they link to; null where copies are no matter. */
export function wordsHashOf(text: string, limits: Limits): string | null {
  if (!limits.forbidsCopies) return null;
  const words = linksIn(text)
    .toReversed()
    .reduce((left, [start, end]) => left.slice(0, start) + left.slice(end), text)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\s+/gu, " ")
    .trim();
  return createHash("sha256").update(words).digest("hex");
}

function plain({ url, alt }: Picture): [string, string] {
  return [url, alt];
}
