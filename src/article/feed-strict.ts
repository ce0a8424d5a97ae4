import { parseFeed } from "feedsmith";
import type { RawFeed, RawItem } from "./feed.ts";

type Parsed = ReturnType<typeof parseFeed<string>>;
type Of<Format extends Parsed["format"]> = Extract<Parsed, { format: Format }>["feed"];
type Entry = NonNullable<Of<"atom">["entries"]>[number];
type Links = Entry["links"];
type Media = NonNullable<NonNullable<Of<"rss">["items"]>[number]["media"]>;

/** A well-formed feed, by feedsmith. Throws on what it calls none. */
export function rawByFeedsmith(text: string): RawFeed {
  const parsed = parseFeed<string>(text, { parseDateFn: (raw) => raw });
  switch (parsed.format) {
    case "rss":
      return rss(parsed.feed);
    case "rdf":
      return rdf(parsed.feed);
    case "atom":
      return atom(parsed.feed);
    case "json":
      return json(parsed.feed);
  }
}

function rss(feed: Of<"rss">): RawFeed {
  return {
    title: feed.title,
    link: feed.link,
    lang: feed.language ?? feed.dc?.languages?.[0] ?? feed.xml?.lang,
    ...named(feed.atom?.links),
    ttl: feed.ttl,
    updatePeriod: feed.sy?.updatePeriod,
    updateFrequency: feed.sy?.updateFrequency,
    items: (feed.items ?? []).map((item): RawItem => ({
      guid: item.guid?.value ?? item.dc?.identifiers?.[0],
      guidIsLink: item.guid?.isPermaLink,
      link: item.link ?? alternate(item.atom?.links),
      base: item.xml?.base ?? feed.xml?.base,
      title: item.title ?? item.dc?.titles?.[0] ?? item.media?.title?.value,
      summary: item.description ?? item.atom?.summary?.value ?? item.dc?.descriptions?.[0] ?? item.itunes?.summary,
      content: item.content?.encoded ?? item.atom?.content?.value,
      lang: item.dc?.languages?.[0] ?? item.xml?.lang,
      authors: [
        ...(item.dc?.creators ?? []),
        ...(item.authors ?? []).map((author) => author.name),
        item.itunes?.author,
        ...(item.atom?.authors ?? []).map((author) => author.name),
      ],
      tags: [
        ...(item.categories ?? []).map((category) => category.name),
        ...(item.dc?.subjects ?? []),
        ...(item.media?.keywords ?? []),
      ],
      image:
        imageIn(item.media) ??
        item.enclosures?.find((enclosure) => enclosure.type?.startsWith("image/"))?.url ??
        item.itunes?.image,
      published: item.pubDate ?? item.dc?.dates?.[0] ?? item.dcterms?.created?.[0] ?? item.atom?.published,
      updated: item.atom?.updated ?? item.dcterms?.modified?.[0],
    })),
  };
}

function rdf(feed: Of<"rdf">): RawFeed {
  return {
    title: feed.title,
    link: feed.link,
    lang: feed.dc?.languages?.[0] ?? feed.xml?.lang,
    ...named(feed.atom?.links),
    ttl: undefined,
    updatePeriod: feed.sy?.updatePeriod,
    updateFrequency: feed.sy?.updateFrequency,
    items: (feed.items ?? []).map((item): RawItem => ({
      guid: item.rdf?.about ?? item.dc?.identifiers?.[0],
      link: item.link,
      base: item.xml?.base ?? feed.xml?.base,
      title: item.title ?? item.dc?.titles?.[0],
      summary: item.description ?? item.dc?.descriptions?.[0],
      content: item.content?.encoded,
      lang: item.dc?.languages?.[0] ?? item.xml?.lang,
      authors: item.dc?.creators,
      tags: item.dc?.subjects,
      image: imageIn(item.media),
      published: item.dc?.dates?.[0] ?? item.dcterms?.created?.[0],
      updated: item.dcterms?.modified?.[0],
    })),
  };
}

function atom(feed: Of<"atom">): RawFeed {
  return {
    title: feed.title?.value,
    link: alternate(feed.links),
    lang: feed.xml?.lang,
    ...named(feed.links),
    ttl: undefined,
    updatePeriod: feed.sy?.updatePeriod,
    updateFrequency: feed.sy?.updateFrequency,
    items: (feed.entries ?? []).map((entry): RawItem => ({
      guid: entry.id,
      guidIsLink: false,
      link: alternate(entry.links) ?? (/^https?:/.test(entry.id ?? "") ? entry.id : undefined),
      base: entry.xml?.base ?? feed.xml?.base,
      title: entry.title?.value,
      summary: entry.summary?.value,
      content: entry.content?.value,
      lang: entry.xml?.lang,
      authors: [...(entry.authors ?? feed.authors ?? []).map((author) => author.name), ...(entry.dc?.creators ?? [])],
      tags: (entry.categories ?? []).map((category) => category.label ?? category.term),
      image:
        imageIn(entry.media) ?? entry.links?.find((link) => link.rel === "enclosure" && link.type?.startsWith("image/"))?.href,
      published: entry.published ?? entry.dc?.dates?.[0] ?? entry.updated,
      updated: entry.updated,
    })),
  };
}

function json(feed: Of<"json">): RawFeed {
  return {
    title: feed.title,
    link: feed.home_page_url,
    lang: feed.language,
    hubs: (feed.hubs ?? []).filter((hub) => hub.type?.toLowerCase() === "websub").flatMap((hub) => hub.url ?? []),
    self: feed.feed_url,
    ttl: undefined,
    updatePeriod: undefined,
    updateFrequency: undefined,
    items: (feed.items ?? []).map((item): RawItem => ({
      guid: item.id,
      link: item.url ?? item.external_url,
      title: item.title,
      summary: item.summary,
      content: item.content_html ?? item.content_text,
      plain: item.content_html === undefined,
      lang: item.language,
      authors: (item.authors ?? feed.authors ?? []).map((author) => author.name),
      tags: item.tags,
      image: item.image ?? item.banner_image,
      published: item.date_published,
      updated: item.date_modified,
    })),
  };
}

function named(links: Links): { hubs: string[]; self: string | undefined } {
  return {
    hubs: (links ?? []).filter((link) => link.rel === "hub").flatMap((link) => link.href ?? []),
    self: links?.find((link) => link.rel === "self")?.href,
  };
}

function alternate(links: Links): string | undefined {
  const usable = (links ?? []).filter((link) => link.rel === undefined || link.rel === "alternate");
  return (usable.find((link) => link.type === undefined || link.type.includes("html")) ?? usable[0])?.href;
}

function imageIn(media: Media | undefined): string | undefined {
  const contents = [...(media?.contents ?? []), ...(media?.groups ?? []).flatMap((group) => group.contents ?? [])];
  const pictures = contents.filter(
    (content) =>
      content.medium === "image" ||
      content.type?.startsWith("image/") ||
      (!content.type && !content.medium && /\.(?:jpe?g|png|webp|avif)(?:\?|$)/i.test(content.url ?? "")),
  );
  const widest = pictures.toSorted((a, b) => (b.width ?? 0) - (a.width ?? 0))[0];
  return widest?.url ?? media?.thumbnails?.[0]?.url ?? contents.flatMap((content) => content.thumbnails ?? [])[0]?.url;
}
