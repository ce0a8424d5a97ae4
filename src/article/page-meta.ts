import { cleanText } from "../lib/text/clean.ts";
import { canonical as canonicalTag } from "../lib/text/language.ts";
import type { Image } from "./article.ts";
import { parseDate } from "./date.ts";
import type { Document } from "./dom.ts";
import { textOf } from "./html.ts";
import { cleanUrl, webUrl } from "./url.ts";

/** What a page says of itself in its head. */
export interface PageMeta {
  readonly title: string | null;
  readonly description: string | null;
  /** twitter:description, where it says something else. */
  readonly forX: string | null;
  readonly lang: string | null;
  readonly canonical: string | null;
  readonly image: Image | null;
  readonly authors: readonly string[];
  readonly tags: readonly string[];
  readonly published: string | null;
  readonly updated: string | null;
  readonly paywalled: boolean | null;
  /** JSON-LD `articleBody`, as plain text: a last resort. */
  readonly body: string | null;
  readonly site: string | null;
}

type Json = Record<string, unknown>;

/** Reads JSON-LD, Open Graph, Twitter cards, meta, canonical link and the html element's language. Hostile values are only strings here. */
export function readMeta(document: Document, address: string): PageMeta {
  const metas = new Map<string, string[]>();
  for (const meta of document.querySelectorAll("meta[content]")) {
    const name = (
      meta.getAttribute("property") ??
      meta.getAttribute("name") ??
      meta.getAttribute("itemprop") ??
      ""
    ).toLowerCase();
    const content = cleanText(meta.getAttribute("content") ?? "");
    if (name !== "" && content !== "") metas.set(name, [...(metas.get(name) ?? []).slice(0, 30), content]);
  }
  const meta = (...names: string[]) => names.map((name) => metas.get(name)?.[0]).find((value) => value !== undefined) ?? null;
  const ld = articleLd(document);
  const site = meta("og:site_name", "application-name");
  const picture = webUrl(
    imageOf(ld?.["image"]) ??
      meta("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src", "thumbnailurl"),
    address,
  );
  const free = ld?.["isAccessibleForFree"];
  const tier = meta("article:content_tier", "content_tier");
  const description = meta("og:description", "description", "twitter:description", "dc.description") ?? str(ld?.["description"]);
  const forX = meta("twitter:description");
  return {
    title: withoutSite(
      str(ld?.["headline"]) ??
        meta("og:title", "twitter:title", "dc.title") ??
        (cleanText(document.querySelector("title")?.textContent ?? "") || null),
      site,
    ),
    description,
    forX: forX === description ? null : forX,
    lang:
      [
        document.documentElement.getAttribute("lang"),
        document.documentElement.getAttribute("xml:lang"),
        str(ld?.["inLanguage"]),
        meta("og:locale", "content-language", "language", "dc.language"),
      ]
        .map((tag) => canonicalTag(tag ?? ""))
        .find((tag) => tag !== null) ?? null,
    canonical: canonicalOf(document, meta("og:url"), address),
    image: picture === null ? null : { url: picture, alt: meta("og:image:alt", "twitter:image:alt") ?? "" },
    authors: authorsOf(ld?.["author"], [
      ...(metas.get("author") ?? []),
      ...(metas.get("article:author") ?? []),
      ...(metas.get("dc.creator") ?? []),
      ...(metas.get("byl") ?? []),
    ]),
    tags: distinct([
      ...(metas.get("article:tag") ?? []),
      ...split(meta("news_keywords")),
      ...keywords(ld?.["keywords"]),
      ...split(meta("keywords")),
      ...(metas.get("article:section") ?? []),
    ]),
    published:
      parseDate(str(ld?.["datePublished"])) ??
      parseDate(
        meta(
          "article:published_time",
          "datepublished",
          "date",
          "dc.date",
          "dc.date.issued",
          "pubdate",
          "publish-date",
          "parsely-pub-date",
          "sailthru.date",
        ),
      ) ??
      parseDate(
        document
          .querySelector("time[datetime][pubdate], article time[datetime], time[itemprop=datePublished]")
          ?.getAttribute("datetime"),
      ),
    updated:
      parseDate(str(ld?.["dateModified"])) ??
      parseDate(meta("article:modified_time", "datemodified", "og:updated_time", "last-modified")),
    paywalled:
      free === false || (typeof free === "string" && /^false$/i.test(free)) || /^(?:locked|metered|premium)$/i.test(tier ?? "")
        ? true
        : free === undefined && tier === null
          ? null
          : false,
    body: str(ld?.["articleBody"]),
    site,
  };
}

/** The first JSON-LD object that is an article; `@graph` and lists looked through. */
function articleLd(document: Document): Json | null {
  const found: Json[] = [];
  for (const script of document.querySelectorAll('script[type="application/ld+json"]')) {
    const text = (script.textContent ?? "")
      .slice(0, 500_000)
      .replace(/^\s*(?:<!--|\/\*<!\[CDATA\[\*\/|<!\[CDATA\[)|(?:-->|\]\]>)\s*;?\s*$/g, "");
    try {
      collect(JSON.parse(text), found, 0);
    } catch {
      // Broken JSON-LD is common, and the page has other ways to say the same.
    }
  }
  return found.find((one) => types(one).some((type) => /(?:Article|Posting|Report)$/.test(type))) ?? null;
}

function collect(value: unknown, found: Json[], depth: number): void {
  if (depth > 4 || found.length > 200 || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) return value.forEach((one) => collect(one, found, depth + 1));
  found.push(value as Json);
  for (const key of ["@graph", "mainEntity", "mainEntityOfPage"]) collect((value as Json)[key], found, depth + 1);
}

function types(one: Json): string[] {
  return [one["@type"]].flat().filter((type) => typeof type === "string");
}

function str(value: unknown): string | null {
  const first = Array.isArray(value) ? value[0] : value;
  if (typeof first === "object" && first !== null) return str((first as Json)["@value"] ?? (first as Json)["name"]);
  return typeof first === "string" ? textOf(first) || null : null;
}

function imageOf(value: unknown): string | null {
  const first = Array.isArray(value) ? value[0] : value;
  if (typeof first === "object" && first !== null) return str((first as Json)["url"] ?? (first as Json)["contentUrl"]);
  return typeof first === "string" ? first : null;
}

function authorsOf(value: unknown, metas: readonly string[]): string[] {
  const named = [value]
    .flat()
    .map(str)
    .filter((name) => name !== null);
  return distinct(named.length > 0 ? named : metas)
    .filter((name) => !/^https?:|@/.test(name))
    .map((name) => name.replace(/^(?:by|von|par|por)\s+/i, ""))
    .slice(0, 10);
}

function canonicalOf(document: Document, ogUrl: string | null, address: string): string | null {
  const told = cleanUrl(document.querySelector('link[rel="canonical"]')?.getAttribute("href") ?? ogUrl ?? "", address);
  if (told === null) return null;
  // A canonical link to the front page is a template's mistake, not the story's address.
  return new URL(told).pathname === "/" && new URL(told).search === "" && new URL(address).pathname !== "/" ? null : told;
}

/** "Headline | Daily Example" is the headline. */
function withoutSite(title: string | null, site: string | null): string | null {
  if (title === null || site === null || title.length <= site.length + 3) return title;
  for (const separator of [" | ", " - ", " – ", " — ", " · ", " :: ", "｜", " » "]) {
    if (title.endsWith(separator + site)) return title.slice(0, -(separator.length + site.length)).trim();
  }
  return title;
}

function keywords(value: unknown): string[] {
  return [value].flat().flatMap((one) => split(str(one)));
}

function split(list: string | null): string[] {
  return (list ?? "").split(/\s*[,;،、]\s*/);
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values.map((value) => value.slice(0, 120)))].filter((value) => value !== "").slice(0, 30);
}
