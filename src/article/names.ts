import type { Db } from "../store/db.ts";
import { ring } from "../queue/ring.ts";
import { tell } from "../store/history.ts";
import type { Item } from "./article.ts";
import { isAddressFree, lockKnown, moveArticle, nameOf, putNames, type KnownArticle } from "./store.ts";
import { canonicalUrl, cleanUrl } from "./url.ts";

/** Old ones go: a feed that names its items anew each time would never end. */
const MOST_NAMES = 20;

/**
 * The story that a source's item is about, locked. One that once was at its address is another, where this source has a guid
 * for each of the two: a new story may take the address that an old one left.
 */
export async function findKnown(
  db: Db,
  sourceId: string,
  guid: string | null,
  canonical: string,
): Promise<KnownArticle | undefined> {
  const known = await lockKnown(db, sourceId, guid, canonical);
  if (!known || guid === null || known.canonical_url === canonical || isNamed(known, sourceId, guid)) return known;
  const hasName =
    known.source_id === sourceId ? known.guid !== null : known.also.some((name) => name.startsWith(nameOf(sourceId, "")));
  return hasName ? undefined : known;
}

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

/**
 * Without guids that name several stories of one feed (its home page, `0`): each is known by its address then. One headline at
 * two addresses is one story, listed twice.
 */
export function withOwnGuids(items: readonly Item[]): Item[] {
  const byGuid = Map.groupBy(items, ({ guid }) => guid);
  const differ = (guid: string, of: (item: Item) => string | null) => new Set(byGuid.get(guid)?.map(of)).size > 1;
  const isShared = (guid: string) => differ(guid, ({ url }) => url && canonicalUrl(url)) && differ(guid, ({ title }) => title);
  return items.map((item) => (item.guid !== null && isShared(item.guid) ? { ...item, guid: null } : item));
}

/**
 * Whether a feed now gives a guid to what looks like another story than before (`latest`): nothing of it is as it was, neither
 * address nor headline nor when it was published.
 */
export function isReused(before: Item | undefined, now: Item): boolean {
  if (!before?.url || !now.url || before.published === null || now.published === null) return false;
  return canonicalUrl(before.url) !== canonicalUrl(now.url) && before.title !== now.title && before.published !== now.published;
}

/** How many stories of a feed nobody has told of before. */
export async function countUnknown(db: Db, sourceId: string, items: readonly Item[]): Promise<number> {
  const told = items.map(({ guid: named, url }) => {
    const guid = named?.toWellFormed() ?? null;
    const address = url ?? guid;
    return { guid, name: guid && nameOf(sourceId, guid), canonical: address && canonicalUrl(address) };
  });
  const { rows } = await db.query<{ count: number }>(
    `select count(distinct coalesce(guid, canonical))::int as count
       from jsonb_to_recordset($2) as told(guid text, name text, canonical text)
      where not exists (select from slugline.article r where r.source_id = $1 and r.guid = told.guid)
        and not exists (select from slugline.article r where r.canonical_url = told.canonical and r.state <> 'duplicate')
        and not exists (select from slugline.article r where r.also && array[told.name, told.canonical] and r.also <> '{}' and r.state <> 'duplicate')`,
    [sourceId, JSON.stringify(told)],
  );
  return rows[0]!.count;
}

function isNamed(known: KnownArticle, sourceId: string, guid: string): boolean {
  return (known.source_id === sourceId && known.guid === guid) || known.also.includes(nameOf(sourceId, guid));
}

function withName({ also }: KnownArticle, name: string): string[] {
  return [...also.filter((one) => one !== name), name].slice(-MOST_NAMES);
}
