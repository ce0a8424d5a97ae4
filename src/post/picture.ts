import { graphemes } from "../lib/text/count.ts";
import { shorten } from "../lib/text/shorten.ts";
import type { PostCard } from "./revision.ts";

/** In graphemes: more than any network shows of a card. */
const [TITLE, DESCRIPTION] = [200, 300];

/** As much of a story as its picture depends on. */
export interface Pictured {
  readonly url: string;
  readonly image_url: string | null;
  readonly image_alt: string | null;
  readonly source_images: "own" | "all" | "none" | null;
}

/**
 * The picture a post carries: the story's, where the account attaches pictures (else the network makes a card of the
 * link) and the source's rights allow it. `own` is a picture on the story's own host or below the same site.
 */
export function picturesOf(story: Pictured, attach: boolean): { url: string; alt: string }[] {
  const { image_url: url, source_images: rights } = story;
  if (!attach || url === null || rights === "none" || !URL.canParse(url)) return [];
  if (rights !== "all" && !isOwn(new URL(url).hostname, new URL(story.url).hostname)) return [];
  return [{ url, alt: story.image_alt ?? "" }];
}

/** The story's card: where the post has a link and no pictures of its own. Its picture needs the same rights. */
export function cardOf(
  story: Pictured & { readonly title: string; readonly summary: string | null; readonly lang: string | null },
  link: string | null,
): PostCard | null {
  if (link === null) return null;
  const within = (most: number) => (text: string) => graphemes(text) <= most;
  return {
    url: link,
    title: shorten(story.title, within(TITLE), story.lang),
    description: shorten(story.summary ?? "", within(DESCRIPTION), story.lang),
    image: picturesOf(story, true)[0] ?? null,
  };
}

function isOwn(picture: string, story: string): boolean {
  const site = story.replace(/^www\./, "");
  return picture === site || picture.endsWith(`.${site}`);
}
