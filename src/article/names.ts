import type { Db } from "../store/db.ts";
import { ring } from "../queue/ring.ts";
import { tell } from "../store/history.ts";
import type { Item } from "./article.ts";
import { isAddressFree, moveArticle, nameOf, putNames, type KnownArticle } from "./store.ts";
import { canonicalUrl, cleanUrl } from "./url.ts";

/** Old ones go: a feed that names its items anew each time would never end. */
const MOST_NAMES = 20;

/** Remembers how this source names the story, so that it knows it again at another address. */
export async function learnName(db: Db, known: KnownArticle, sourceId: string, guid: string | null): Promise<void> {
  if (guid === null || isNamed(known, sourceId, guid)) return;
  await putNames(db, known.id, withName(known, nameOf(sourceId, guid)));
}

/**
 * A source that knows the story by its guid now gives another address than it gave before: the story moved, and its links
 * follow it. Only within its site: nobody who takes a feed over leads yesterday's readers away. Nothing is done where another
 * story is at that address.
 */
export async function followMove(
  db: Db,
  known: KnownArticle,
  told: { readonly sourceId: string; readonly before: Item | undefined; readonly item: Item },
): Promise<void> {
  const { sourceId, before, item } = told;
  if (!before || item.url === null || item.url === before.url || item.guid === null || known.state === "duplicate") return;
  const [url, canonical] = [cleanUrl(item.url), canonicalUrl(item.url)];
  if (!url || !canonical || canonical === known.canonical_url || !isNamed(known, sourceId, item.guid)) return;
  if (siteOf(url) !== siteOf(known.url)) return;
  if (!(await isAddressFree(db, canonical, known.id))) return;
  await moveArticle(db, known.id, { url, canonical, also: withName(known, known.canonical_url) });
  await tell(db, {
    kind: "article-moved",
    article: known.id,
    source: sourceId,
    data: { title: known.title, url, from: known.url },
  });
  await ring(db, "post", known.id);
}

const siteOf = (url: string) => new URL(url).host.replace(/^www\./, "");

function isNamed(known: KnownArticle, sourceId: string, guid: string): boolean {
  return (known.source_id === sourceId && known.guid === guid) || known.also.includes(nameOf(sourceId, guid));
}

function withName({ also }: KnownArticle, name: string): string[] {
  return [...also.filter((one) => one !== name), name].slice(-MOST_NAMES);
}
