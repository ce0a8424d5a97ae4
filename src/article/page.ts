import { cleanText } from "../lib/text/clean.ts";
import { dirOf } from "../lib/text/direction.ts";
import { languageOf } from "../lib/text/language.ts";
import type { Story } from "./article.ts";
import { cleanParagraphs } from "./clean.ts";
import { documentOf, type Document } from "./dom.ts";
import type { Unread } from "./feed.ts";
import { readFragment, textOf } from "./html.ts";
import { byParagraphs, byReadability } from "./page-body.ts";
import { readMeta, type PageMeta } from "./page-meta.ts";
import { cleanDescription } from "./story.ts";

export interface Page {
  readonly ok: true;
  readonly story: Story;
}

/** Larger pages are read up to here (UTF-16 units): a story's page is a tenth of it. */
const LONGEST = 3_000_000;
/** Less than this (UTF-16 units) is hardly a story: other ways are tried as well. */
const POOR = 250;

/**
 * Reads a story's page: Readability and a cleaning pass for the body, its own metadata for the rest. Never throws;
 * what one way cannot read, the next one tries.
 *
 * @param address where the page came from, after redirects
 */
export async function readPage(html: string, address: string): Promise<Page | Unread> {
  const source = html.slice(0, LONGEST);
  if (source.trim() === "") return { ok: false, code: "PAGE_EMPTY", why: "The answer is empty; a page was expected." };
  const why: string[] = [];
  const document = attempt(() => documentOf(source), why, "document");
  const meta = document === null ? null : attempt(() => readMeta(document, address), why, "metadata");
  const heading =
    document === null ? null : attempt(() => cleanText(document.querySelector("h1")?.textContent ?? ""), why, "heading");
  const title = meta?.title || heading || textOf(/<title[^>]*>([^<]{1,500})/i.exec(source)?.[1] ?? "");
  const body = bodyOf(source, document, meta, title, why);
  if (title === "" && body.length === 0)
    return { ok: false, code: "PAGE_UNREADABLE", why: "No headline and no text were found on the page." };
  const summary = cleanDescription(meta?.description ?? "") || null;
  const lang = await languageOf([title, ...body].join(" "), meta?.lang ?? null);
  return {
    ok: true,
    story: {
      title,
      summary,
      body,
      lang,
      dir: dirOf(lang, title),
      image: meta?.image ?? null,
      authors: meta?.authors ?? [],
      tags: meta?.tags ?? [],
      published: meta?.published ?? null,
      updated: meta?.updated ?? null,
      paywalled: meta?.paywalled ?? null,
      canonical: meta?.canonical ?? null,
      described: meta?.forX ? { x: cleanDescription(meta.forX) } : {},
      why,
    },
  };
}

function bodyOf(source: string, document: Document | null, meta: PageMeta | null, title: string, why: string[]): string[] {
  const ways: [string, () => string[]][] = [
    ["readability", () => (document === null ? [] : byReadability(document))],
    ["paragraphs", () => (document === null ? [] : byParagraphs(documentOf(source)))],
    ["JSON-LD articleBody", () => (meta?.body ? [meta.body] : [])],
    ["plain markup", () => (document === null ? readFragment(source).paragraphs : [])],
  ];
  let best: string[] = [];
  let by = "nothing";
  for (const [name, way] of ways) {
    const found = cleanParagraphs(attempt(way, why, name) ?? [], title);
    if (lengthOf(found) > lengthOf(best) * 1.2) [best, by] = [found, name];
    if (lengthOf(best) >= POOR) break;
  }
  why.push(`body: ${by}`);
  return best;
}

function lengthOf(paragraphs: readonly string[]): number {
  return paragraphs.reduce((sum, paragraph) => sum + paragraph.length, 0);
}

function attempt<Result>(read: () => Result, why: string[], what: string): Result | null {
  try {
    return read();
  } catch (error) {
    why.push(`${what} failed: ${cleanText(error instanceof Error ? error.message : String(error)).slice(0, 100)}`);
    return null;
  }
}
