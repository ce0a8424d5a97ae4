import { say } from "../lib/say.ts";
import { cleanText } from "../lib/text/clean.ts";
import { NOTHING_TOLD, type Item } from "./article.ts";
import { parseDate } from "./date.ts";
import { rawByFeedsmith } from "./feed-strict.ts";
import { rawByTolerance } from "./feed-tolerant.ts";
import { textOf } from "./html.ts";
import { cleanDescription } from "./story.ts";
import { cleanUrl, webUrl } from "./url.ts";

/** A feed as told, before its words are read: strings may hold markup, links may be relative. */
export interface RawFeed {
  readonly title: string | undefined;
  readonly link: string | undefined;
  readonly lang: string | undefined;
  readonly hubs: readonly string[];
  readonly self: string | undefined;
  /** RSS `ttl`, in minutes. */
  readonly ttl: number | undefined;
  readonly updatePeriod: string | undefined;
  readonly updateFrequency: number | undefined;
  readonly items: readonly RawItem[];
}

export interface RawItem {
  readonly guid?: string | undefined;
  readonly guidIsLink?: boolean | undefined;
  readonly link?: string | undefined;
  readonly base?: string | undefined;
  readonly title?: string | undefined;
  readonly summary?: string | undefined;
  readonly content?: string | undefined;
  /** JSON Feed tells bodies and titles as plain text. */
  readonly plain?: boolean | undefined;
  readonly lang?: string | undefined;
  readonly authors?: readonly (string | undefined)[] | undefined;
  readonly tags?: readonly (string | undefined)[] | undefined;
  readonly image?: string | undefined;
  readonly published?: string | undefined;
  readonly updated?: string | undefined;
}

export interface Feed {
  readonly ok: true;
  readonly title: string | null;
  readonly link: string | null;
  readonly lang: string | null;
  readonly hubs: readonly string[];
  /** The address the feed calls its own (WebSub's topic). */
  readonly self: string | null;
  /** How often it asks to be looked at (RSS `ttl`, `sy:updatePeriod`), in seconds; null when it does not say. */
  readonly everyS: number | null;
  /** Newest first, as the feed has them. At most 500. */
  readonly items: readonly Item[];
  readonly why: readonly string[];
}

export interface Unread {
  readonly ok: false;
  readonly code: string;
  /** A sentence for people. */
  readonly why: string;
}

const MAX_ITEMS = 500;
/** A longer description is the body (in UTF-16 units). */
const LONGEST_SUMMARY = 600;
const PERIODS: Readonly<Record<string, number>> = {
  hourly: 3_600,
  daily: 86_400,
  weekly: 604_800,
  monthly: 2_592_000,
  yearly: 31_536_000,
};

/**
 * Reads RSS 0.9x, 1.0 and 2.0, Atom and JSON Feed; what a strict parser refuses is read tolerantly. Never throws.
 *
 * @param address where the feed came from; relative links are resolved against it
 */
export function readFeed(text: string, address: string): Feed | Unread {
  const start = text.slice(0, 2_000).replace(/^[\s\ufeff]+/, "");
  if (start === "") return unread("FEED_EMPTY", "The answer is empty; a feed was expected.");
  if (/^(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)*(?:<!doctype\s+html|<html)/i.test(start))
    return unread("FEED_IS_HTML", htmlSentence(text));
  const [strict, complaint] = attempt(() => rawByFeedsmith(text));
  if (strict !== null && strict.items.length > 0) return feedOf(strict, address, ["parser: strict"]);
  const [tolerant] = attempt(() => rawByTolerance(text));
  if (tolerant !== null && (tolerant.items.length > 0 || strict === null))
    return feedOf(tolerant, address, [`parser: tolerant${complaint === "" ? "" : ` (${complaint})`}`]);
  if (strict !== null) return feedOf(strict, address, ["parser: strict", "the feed has no items"]);
  return unread(
    "FEED_UNREADABLE",
    complaint === ""
      ? "This is no feed we can read (RSS, Atom or JSON Feed expected)."
      : say`This is no feed we can read (RSS, Atom or JSON Feed expected): ${complaint}.`,
  );
}

function attempt(read: () => RawFeed | null): [RawFeed | null, string] {
  try {
    return [read(), ""];
  } catch (error) {
    return [null, cleanText(error instanceof Error ? error.message : String(error)).slice(0, 160)];
  }
}

function unread(code: string, why: string): Unread {
  return { ok: false, code, why };
}

function htmlSentence(text: string): string {
  const link = /<link\b[^>]{0,500}type\s*=\s*["']?application\/(?:rss\+xml|atom\+xml|feed\+json)[^>]{0,500}>/i.exec(
    text.slice(0, 200_000),
  )?.[0];
  const href = /href\s*=\s*["']?([^"'\s>]+)/i.exec(link ?? "")?.[1];
  if (href === undefined) return "This is a web page, not a feed.";
  return say`This is a web page, not a feed. It names a feed of its own: ${textOf(href)}`;
}

function feedOf(raw: RawFeed, address: string, why: string[]): Feed {
  const lang = raw.lang?.trim() || null;
  if (raw.items.length > MAX_ITEMS) why.push(`only the first ${MAX_ITEMS} of ${raw.items.length} items are read`);
  const items = raw.items.slice(0, MAX_ITEMS).map((item) => itemOf(item, address, lang));
  const period = PERIODS[raw.updatePeriod?.trim().toLowerCase() ?? ""];
  const everyS = Math.max(positive(raw.ttl) * 60, period === undefined ? 0 : period / (positive(raw.updateFrequency) || 1));
  return {
    ok: true,
    title: textOf(raw.title ?? "") || null,
    link: webUrl(raw.link, address),
    lang,
    hubs: raw.hubs.map((hub) => webUrl(hub, address)).filter((hub) => hub !== null),
    self: webUrl(raw.self, address),
    everyS: everyS > 0 ? Math.round(everyS) : null,
    items,
    why,
  };
}

function positive(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : 0;
}

function itemOf(raw: RawItem, address: string, feedLang: string | null): Item {
  const base = webUrl(raw.base, address) ?? address;
  const guid = cleanText(raw.guid ?? "").slice(0, 2_000) || null;
  const link = raw.link ?? (raw.guidIsLink !== false && guid !== null && /^https?:/i.test(guid) ? guid : undefined);
  const words = raw.plain ? cleanText : textOf;
  const told = cleanDescription(words(raw.summary ?? ""));
  const body = raw.content?.trim() || (told.length > LONGEST_SUMMARY ? raw.summary : undefined);
  const image = webUrl(raw.image, base);
  return {
    ...NOTHING_TOLD,
    guid,
    url: link === undefined ? null : cleanUrl(link, base),
    title: words(raw.title ?? ""),
    summary: told === "" || told.length > LONGEST_SUMMARY ? null : told,
    html: raw.plain ? null : (body ?? null),
    text: raw.plain ? (body ?? null) : null,
    lang: raw.lang?.trim() || feedLang,
    authors: distinct(raw.authors, 10),
    tags: distinct(raw.tags, 30),
    image: image === null ? null : { url: image, alt: "" },
    published: parseDate(raw.published),
    updated: parseDate(raw.updated),
  };
}

function distinct(values: readonly (string | undefined)[] | undefined, most: number): string[] {
  return [...new Set((values ?? []).map((value) => textOf(value ?? "").slice(0, 120)))]
    .filter((value) => value !== "")
    .slice(0, most);
}
