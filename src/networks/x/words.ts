import { at, list, text } from "../../lib/json.ts";
import type { DeliveryKey } from "../network.ts";
import { answers } from "./reply.ts";

/** What a post of the account's turned out to be. */
export interface Entry {
  readonly id: string | null;
  /** Milliseconds since the epoch on X's clock; NaN when it cannot be read. */
  readonly made: number;
  /**
   * Whether it is the delivery's post; null when that cannot be read from it: a link stands there as `https://t.co/...`,
   * and where it leads is told apart from the text.
   */
  readonly ours: boolean | null;
}

/** A long post whose long form is not told shows only its beginning: one that begins as ours may be ours. */
const CUT_FROM = 200;
const SHORT = /https:\/\/t\.co\/\w+/g;
/** X puts a link to a post's own pictures behind its words. */
const OWN_PICTURE = /^https?:\/\/(?:x|twitter)\.com\/[^/]+\/status\/\d+\/(?:photo|video)\/\d+$/;

/** Reads one post as X lists it. What is longer than 280 stands in a field of its own, whose name has changed once. */
export function readEntry(post: unknown, key: DeliveryKey): Entry {
  const id = text(post, "id");
  const made = Date.parse(text(post, "created_at") ?? "");
  const long = at(post, "note_tweet") ?? at(post, "note_post");
  const said = at(long ?? post, "text");
  if (typeof said !== "string") return { id, made, ours: null };
  const urls = [...list(at(post, "entities"), "urls"), ...list(at(long, "entities"), "urls")];
  const shown = new Map(urls.map((url) => [text(url, "url"), url]));
  const unread = (said.match(SHORT) ?? []).some((short) => text(shown.get(short), "expanded_url") === null);
  const words = plain(unwrapped(said, shown));
  const ours = key.link === null ? words === plain(key.text) && answers(post, key) : leadsTo(urls, key.link);
  const cut = long === undefined && words.length >= CUT_FROM && plain(key.text).startsWith(words.slice(0, CUT_FROM));
  return { id, made, ours: ours !== false || !(unread || cut) ? ours : null };
}

/** By the post's own link, which no other post has. */
function leadsTo(urls: readonly unknown[], link: string): boolean {
  const wanted = normal(link);
  return urls.some((url) =>
    [text(url, "expanded_url"), text(url, "unwound_url")].some((one) => one !== null && normal(one) === wanted),
  );
}

function normal(url: string): string {
  return URL.parse(url)?.href ?? url;
}

/** The words as they were sent: links as they were before t.co, without those to its own pictures, and without HTML's escapes. */
function unwrapped(said: string, shown: ReadonlyMap<string | null, unknown>): string {
  return said
    .replace(SHORT, (short) => {
      const url = shown.get(short);
      const expanded = text(url, "expanded_url") ?? short;
      return text(url, "media_key") !== null || OWN_PICTURE.test(expanded) ? "" : expanded;
    })
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** `example.org` comes back as `http://example.org`: schemes say nothing. */
function plain(words: string): string {
  return (
    words
      .normalize("NFC")
      .replace(/https?:\/\//giu, "")
      // A network may drop direction marks; a reader sees none.
      .replace(/[\u200e\u200f]/gu, "")
      .replace(/\s+/gu, " ")
      .trim()
  );
}
