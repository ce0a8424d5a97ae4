import { markup } from "./markup.ts";
import { feedBody, imagePath } from "./page.ts";
import type { Edition } from "./story.ts";
import { WORDS } from "./words.ts";

/** How many items the feed carries. */
export const FEED_ITEMS = 20;

/**
 * The site's feed, RSS 2.0 (rssboard.org) with the modules agencies use: dc, content, media (Media RSS 1.5.1) and atom.
 *
 * @param origin of the site, without a trailing slash
 * @param editions newest first
 */
export function feed(origin: string, editions: readonly Edition[]): string {
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
<title>${WORDS.en.name}</title>
<link>${origin}/</link>
<description>Invented news in five languages, for a newsroom that rehearses.</description>
<atom:link rel="self" type="application/rss+xml" href="${origin}/feed.xml"/>
<lastBuildDate>${rfc822(editions[0]?.at ?? 0)}</lastBuildDate>
<ttl>1</ttl>
${editions.slice(0, FEED_ITEMS).map((edition) => item(origin, edition))}
</channel>
</rss>
`.text;
}

function item(origin: string, edition: Edition) {
  const { story } = edition;
  return markup`<item>
<title>${edition.title}</title>
<link>${origin}${edition.path}</link>
<guid isPermaLink="false">${edition.guid}</guid>
<pubDate>${rfc822(edition.at)}</pubDate>
<dc:creator>${story.author}</dc:creator>
<dc:language>${story.lang}</dc:language>
${story.tags.map((tag) => markup`<category>${tag}</category>`)}
<description>${edition.summary}</description>
${story.whole ? [markup`<content:encoded>${feedBody(edition)}</content:encoded>`] : []}
<media:content url="${origin}${imagePath(story)}" type="image/png" medium="image" width="960" height="540"><media:description type="plain">${story.image.alt}</media:description></media:content>
</item>`;
}

/** RFC 822 with a four-digit year, as RSS asks; also HTTP's date. */
export const rfc822 = (at: number) => new Date(at).toUTCString();
