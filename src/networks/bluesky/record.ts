import type { AppBskyEmbedExternal, AppBskyEmbedImages, AppBskyFeedPost, AppBskyRichtextFacet } from "@atproto/api";
import type { DeliveryKey, Ready } from "../network.ts";
import type { Answered } from "./reply.ts";

export const COLLECTION = "app.bsky.feed.post";

/** As the lexicon of facets has it. */
const TAG_BYTES = 640;

export type Embed = (AppBskyEmbedExternal.Main | AppBskyEmbedImages.Main) & { readonly $type: string };

/**
 * The record of a post. Everything in it comes from what was approved and from the delivery's key, so that every try
 * writes the same bytes.
 *
 * A spoiler has no place on Bluesky: the text stays exactly what was approved, and whoever needs a warning there writes it.
 */
export async function recordOf(
  post: Ready,
  key: DeliveryKey,
  { embed, answered }: { readonly embed: Embed | null; readonly answered?: Answered | undefined },
): Promise<AppBskyFeedPost.Record> {
  const facets = await facetsOf(post.text, post.link);
  return {
    $type: COLLECTION,
    text: post.text,
    createdAt: new Date(key.intentAt).toISOString(),
    ...(facets.length > 0 ? { facets } : {}),
    ...(post.lang ? { langs: languagesOf(post.lang) } : {}),
    ...(embed ? { embed } : {}),
    ...(answered ? { reply: answered } : {}),
    ...(post.sensitive ? { labels: sensitiveLabel() } : {}),
  };
}

/** Of the labels an author may set, the one for violence and its victims; the others are about nudity. */
function sensitiveLabel() {
  return { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "graphic-media" }] } as const;
}

/** What can be tapped: links and hashtags, each at its place in UTF-8 bytes. A mention would need a name looked up. */
async function facetsOf(text: string, link: string | null): Promise<AppBskyRichtextFacet.Main[]> {
  const { RichText } = await import("@atproto/api");
  const rich = new RichText({ text });
  rich.detectFacetsWithoutResolution();
  const found = (rich.facets ?? []).filter(({ features }) => features.every(isTaken));
  const own = link === null ? null : linkFacet(text, link);
  if (own === null) return found;
  // The SDK ends a link at the next space: one before an Arabic comma, or inside quotation marks, is known better here.
  const apart = found.filter(({ index }) => index.byteEnd <= own.index.byteStart || index.byteStart >= own.index.byteEnd);
  return [...apart, own].toSorted((a, b) => a.index.byteStart - b.index.byteStart);
}

/** The SDK makes links of words like `httpbin.org`, and tags of any size: for one of those the whole post would be refused. */
function isTaken(feature: AppBskyRichtextFacet.Main["features"][number]): boolean {
  if ("uri" in feature) return /^https?:\/\/[^/]/.test(String(feature.uri));
  return "tag" in feature && Buffer.byteLength(String(feature.tag)) <= TAG_BYTES;
}

function linkFacet(text: string, link: string): AppBskyRichtextFacet.Main | null {
  const at = text.indexOf(link);
  if (at === -1) return null;
  const byteStart = Buffer.byteLength(text.slice(0, at));
  return {
    $type: "app.bsky.richtext.facet",
    index: { byteStart, byteEnd: byteStart + Buffer.byteLength(link) },
    features: [{ $type: "app.bsky.richtext.facet#link", uri: link }],
  };
}

/** Readers choose languages of two letters: Kurdish of either kind is also `ku`. */
function languagesOf(lang: string): string[] {
  return /^(?:ckb|kmr)\b/.test(lang) ? [lang, "ku"] : [lang];
}
