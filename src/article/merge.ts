import { isTeaser, type Item, type Story } from "./article.ts";

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
