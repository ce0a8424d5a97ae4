import { cleanLines, cleanText } from "../lib/text/clean.ts";
import { dirOf } from "../lib/text/direction.ts";
import { languageOf } from "../lib/text/language.ts";
import type { Item, Story } from "./article.ts";
import { cleanParagraphs } from "./clean.ts";
import { readFragment } from "./html.ts";
import { webUrl } from "./url.ts";

/** The story as its source told it, read from the told body; no page is asked. */
export async function storyOf(item: Item): Promise<Story> {
  const fragment = item.html === null ? null : readFragment(item.html);
  const told = fragment?.paragraphs ?? paragraphsOf(item.text ?? "");
  const body = cleanParagraphs(told, item.title);
  const summary = item.summary === null ? null : cleanDescription(item.summary);
  const inBody = fragment?.image ?? null;
  const src = webUrl(inBody?.src, item.url);
  const lang = await languageOf([item.title, summary ?? "", ...body].join(" "), item.lang);
  return {
    title: cleanText(item.title),
    summary: summary === "" ? null : summary,
    body,
    lang,
    dir: dirOf(lang, item.title),
    image: item.image ?? (src === null ? null : { url: src, alt: inBody?.alt ?? "" }),
    authors: item.authors,
    tags: item.tags,
    published: item.published,
    updated: item.updated,
    paywalled: null,
    canonical: null,
    described: {},
    why: ["body: as told by the source"],
  };
}

/** A description without what feeds hang on it. */
export function cleanDescription(text: string): string {
  return cleanText(text).replace(/ ?The post\b.{1,300}\bappeared first on\b.*$/u, "");
}

/** A plain text as scraped or typed: its first line is the title, its paragraphs stand between empty lines. */
export async function readText(text: string): Promise<Story> {
  const lines = cleanLines(text)
    .split("\n")
    .filter((line) => line !== "");
  const [title = "", ...rest] = lines;
  const body = cleanParagraphs(rest, title);
  const lang = await languageOf([title, ...body].join(" "), null);
  return {
    title: cleanText(title),
    summary: null,
    body,
    lang,
    dir: dirOf(lang, title),
    image: null,
    authors: [],
    tags: [],
    published: null,
    updated: null,
    paywalled: null,
    canonical: null,
    described: {},
    why: ["title: the first line", `body: ${body.length} of ${rest.length} lines`],
  };
}

function paragraphsOf(text: string): string[] {
  return cleanLines(text).split(/\n+/);
}
