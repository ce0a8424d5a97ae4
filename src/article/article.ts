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

/** Changes exactly when title, description or body change to a reader's eye. */
export function contentHash(story: Pick<Story, "title" | "summary" | "body">): string {
  const seen = [story.title, story.summary ?? "", ...story.body].map((part) => cleanText(part)).join("\n");
  return createHash("sha256").update(seen).digest("hex");
}
