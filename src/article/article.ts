import { createHash } from "node:crypto";
import { cleanText } from "../lib/text/clean.ts";
import type { Direction } from "../lib/text/direction.ts";

export interface Image {
  readonly url: string;
  /** Alternative text; empty when none is known. */
  readonly alt: string;
}

/** What a feed, a hook or a page told of one story. Times are ISO 8601 in UTC; what is not known is null, never invented. */
export interface Item {
  readonly guid: string | null;
  readonly url: string | null;
  readonly title: string;
  /** The publisher's own description, as plain text. */
  readonly summary: string | null;
  /** The body, when it was told: as HTML (never trusted, only read) or as plain text. */
  readonly html: string | null;
  readonly text: string | null;
  readonly lang: string | null;
  readonly authors: readonly string[];
  readonly tags: readonly string[];
  readonly image: Image | null;
  readonly published: string | null;
  readonly updated: string | null;
  /** Nothing of the story goes out before. */
  readonly embargo: string | null;
  /** Texts a journalist wrote in the CMS, by network. */
  readonly social: Readonly<Record<string, string>>;
  /** Whether its pictures are to be hidden until asked for. */
  readonly sensitive: boolean;
  /** A warning before the text; null for none. */
  readonly spoiler: string | null;
}

/** A story as read: what a post is written from. */
export interface Story {
  readonly title: string;
  /** The publisher's own description, cleaned; null when there is none. Whether it is fit to post, `summaryOf` decides. */
  readonly summary: string | null;
  readonly body: readonly string[];
  readonly lang: string | null;
  readonly dir: Direction;
  readonly image: Image | null;
  readonly authors: readonly string[];
  readonly tags: readonly string[];
  readonly published: string | null;
  readonly updated: string | null;
  readonly paywalled: boolean | null;
  /** What the page says of itself to one network (`x`: twitter:description), where that differs from its summary. */
  readonly described: Readonly<Record<string, string>>;
  /** The address the page itself calls its own; null when it names none. */
  readonly canonical: string | null;
  /** How it was read, for who wonders. */
  readonly why: readonly string[];
}

export const NOTHING_TOLD: Item = {
  guid: null,
  url: null,
  title: "",
  summary: null,
  html: null,
  text: null,
  lang: null,
  authors: [],
  tags: [],
  image: null,
  published: null,
  updated: null,
  embargo: null,
  social: {},
  sensitive: false,
  spoiler: null,
};

/** Below this a body is a teaser (in UTF-16 units of its text). */
const TEASER = 400;
const CUT =
  /(?:\[?(?:…|\.\.\.|&hellip;|&#8230;)\]?|read more|continue reading|weiterlesen|اقرأ المزيد|زیاتر بخوێنەوە|続きを読む)[\s»›→.]*$/i;

/** Whether a body as told is not the story: nothing, a teaser, or cut off. */
export function isTeaser(body: string): boolean {
  const text = body.trim();
  return text.length < TEASER || CUT.test(text.slice(-60));
}

/** Whether a source told the whole story, so that its page need not be read. */
export function hasBody(item: Item): boolean {
  return !isTeaser(item.html?.replace(/<[^>]*>/g, " ") ?? item.text ?? "");
}

/** The page's story, with what the source itself told about it: the source knows its own headline, authors and topics. */
export function merged(told: Story | null, page: Story, item: Item): Story {
  const cut = told === null || told.summary === null || /(?:…|\.{3}|\[…\])\s*$/u.test(told.summary);
  return {
    ...page,
    title: told?.title || page.title,
    summary: cut ? (page.summary ?? told?.summary ?? null) : told.summary,
    image: told?.image ? { url: told.image.url, alt: told.image.alt || (page.image?.alt ?? "") } : page.image,
    authors: told && told.authors.length > 0 ? told.authors : page.authors,
    tags: told && told.tags.length > 0 ? told.tags : page.tags,
    published: item.published ?? page.published,
    updated: item.updated ?? page.updated,
  };
}

/** What the newsroom says of a story for its posts, beside the story itself. */
export type Aside = Pick<Item, "social" | "sensitive" | "spoiler">;

/** Changes exactly when title, description or body change to a reader's eye, or what is said for its posts does. */
export function contentHash(story: Pick<Story, "title" | "summary" | "body">, aside: Aside): string {
  const seen = [story.title, story.summary ?? "", ...story.body].map((part) => cleanText(part)).join("\n");
  const social = Object.entries(aside.social).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const says = social.length > 0 || aside.sensitive || aside.spoiler !== null;
  const whole = says ? `${seen}\n${JSON.stringify([social, aside.sensitive, aside.spoiler])}` : seen;
  return createHash("sha256").update(whole).digest("hex");
}
