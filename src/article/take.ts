import { ring } from "../queue/ring.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import type { Item } from "./article.ts";
import { insertArticle, insertChange, lockKnown, seeAgain, type Given, type KnownArticle } from "./store.ts";
import { canonicalUrl, cleanUrl } from "./url.ts";

export type Taken = { readonly kind: "fresh" | "known" | "changed"; readonly articleId: string } | { readonly kind: "no-address" };

/** What is told of a story by its source: each story once, by guid, then by its address; an edit is no new story. */
export async function takeItem(
  db: Db,
  source: { readonly id: string; readonly kind: "feed" | "hook" },
  item: Item,
  state: "seen" | "baseline" | "held",
): Promise<Taken> {
  const address = item.url ?? item.guid;
  const [url, canonical] = [address && cleanUrl(address), address && canonicalUrl(address)];
  if (!url || !canonical) return { kind: "no-address" };
  const known = await lockKnown(db, source.id, item.guid, canonical);
  if (known) return again(db, known, source, item, state);
  const given: Given = source.kind === "hook" ? { hook: item } : { feed: item };
  const id = await insertArticle(db, { sourceId: source.id, guid: item.guid, url, canonical, state, given, item });
  if (id === undefined) {
    const first = await lockKnown(db, source.id, item.guid, canonical);
    return first ? again(db, first, source, item, state) : { kind: "no-address" };
  }
  if (state !== "baseline") await tell(db, { kind: `article-${state}`, article: id, source: source.id, data: { title: item.title, url } });
  return { kind: "fresh", articleId: id };
}

async function again(db: Db, known: KnownArticle, source: { readonly kind: "feed" | "hook" }, item: Item, state: "seen" | "baseline" | "held"): Promise<Taken> {
  const before = known.given[source.kind];
  // A hook's "published" wakes what a feed had only listed: the newsroom itself says that it is news.
  const woken = source.kind === "hook" && known.state === "baseline" && state === "seen";
  const said = before !== undefined && told(before) === told(item);
  const asleep = known.state === "duplicate" || known.state === "held" || (known.state === "baseline" && !woken);
  if (asleep || (said && known.state !== "removed" && !woken)) return { kind: "known", articleId: known.id };
  // A feed still lists a withdrawn story for a while; only who withdrew it, or new words, bring it back.
  if (known.state === "removed" && source.kind === "feed" && said) return { kind: "known", articleId: known.id };
  await seeAgain(db, known.id, { ...known.given, [source.kind]: item }, item.guid, item.embargo ?? null);
  return { kind: "changed", articleId: known.id };
}

/** What a reader would see of an item. */
function told(item: Item): string {
  return JSON.stringify([item.title, item.summary, item.html, item.text, item.lang, item.tags, item.image?.url ?? null, item.embargo]);
}

/** The source says that a story is gone: what waits of it is held, and what was posted is shown as outdated. */
export async function withdraw(db: Db, source: { readonly id: string }, guid: string | null, address: string | null): Promise<Taken> {
  const canonical = address === null ? null : canonicalUrl(address);
  if (canonical === null && guid === null) return { kind: "no-address" };
  const known = await lockKnown(db, source.id, guid, canonical ?? "");
  if (!known) return { kind: "no-address" };
  if (known.state === "removed" || known.state === "duplicate") return { kind: "known", articleId: known.id };
  const version = known.version + 1;
  await db.query("update slugline.article set state = 'removed', version = $2, removed_at = slugline.now() where id = $1", [known.id, version]);
  await insertChange(db, known.id, "removed", version, { state: known.state });
  await tell(db, { kind: "article-removed", article: known.id, source: source.id, data: { title: known.title } });
  await ring(db, "post", known.id);
  return { kind: "changed", articleId: known.id };
}
