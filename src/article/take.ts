import { ring } from "../queue/ring.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { hasBody, type Item } from "./article.ts";
import { findKnown, followMove, isReused, learnName } from "./names.ts";
import { onHold, perhapsPosted } from "./restored.ts";
import { heardNew, hold, insertArticle, insertChange, putGiven, seeAgain, type Given, type KnownArticle } from "./store.ts";
import { canonicalUrl, cleanUrl } from "./url.ts";

export type Taken =
  | { readonly kind: "fresh" | "known" | "changed"; readonly articleId: string }
  | { readonly kind: "no-address" };

/** What a telling means: a feed lists; a hook announces, or only hints that there is something to be looked at. */
export interface Telling {
  readonly sourceId: string;
  readonly kind: "feed" | "hook";
  /** A hook's `published`: the newsroom itself says that this is news, whatever was only known or held before. */
  readonly announces?: boolean;
  /** A hook that named the address alone. */
  readonly hint?: boolean;
}

/** What is told of a story by its source: each story once, by guid, then by its address; an edit is no new story. */
export async function takeItem(db: Db, by: Telling, told: Item, state: "seen" | "baseline" | "held"): Promise<Taken> {
  const item = storable(told);
  const address = item.url ?? item.guid;
  const [url, canonical] = [address && cleanUrl(address), address && canonicalUrl(address)];
  if (!url || !canonical) return { kind: "no-address" };
  const known = await findKnown(db, by.sourceId, item.guid, canonical);
  if (known && by.kind === "feed" && item.guid !== null && isReused(known.given[by.sourceId]?.item, item))
    // Or the same one, published anew: a person knows.
    return takeItem(db, by, { ...item, guid: null }, state === "seen" ? "held" : state);
  if (known) return again(db, known, by, item);
  const given: Given = { [by.sourceId]: { kind: by.kind, item } };
  const asked = state === "seen" && (await perhapsPosted(db, by, item)) ? "held" : state;
  const id = await insertArticle(db, { sourceId: by.sourceId, guid: item.guid, url, canonical, state: asked, given, item });
  if (id === undefined) {
    const first = await findKnown(db, by.sourceId, item.guid, canonical);
    return first ? again(db, first, by, item) : { kind: "no-address" };
  }
  if (asked !== "baseline")
    await tell(db, { kind: `article-${asked}`, article: id, source: by.sourceId, data: { title: item.title, url } });
  return { kind: "fresh", articleId: id };
}

async function again(db: Db, known: KnownArticle, by: Telling, item: Item): Promise<Taken> {
  const before = known.given[by.sourceId]?.item;
  const at = toldAt(item, by);
  const told = before && (await isOlder(db, at, before)) ? before : item;
  // A hint keeps what was told before and has the page looked at.
  const now = by.hint && before ? { ...before, html: null, text: null } : told;
  const given: Given = { ...known.given, [by.sourceId]: { kind: by.kind, item: now } };
  await putGiven(db, known.id, given, item.guid);
  await learnName(db, known, by.sourceId, item.guid);
  if (!before) await heardNew(db, by.sourceId);
  const counts = tellerOf(given, known.source_id)?.id === by.sourceId;
  if (counts && now === item) await followMove(db, known, { sourceId: by.sourceId, before, item });
  const news = isNews(known, by, before, now, given) && !(known.state === "held" && (await onHold(db)));
  // It says itself that it is from before the withdrawal: sent again and overtaken by it, or of a CMS that brings a story
  // back and says no new time. Which of them, a person knows.
  const overtaken = known.removed_at !== null && at !== null && Date.parse(at) < known.removed_at.getTime();
  if (!news || (overtaken && !by.announces)) return { kind: "known", articleId: known.id };
  if (overtaken) {
    await hold(db, known.id);
    await tell(db, {
      kind: "article-held",
      article: known.id,
      source: by.sourceId,
      data: { title: known.title, url: known.url },
    });
    return { kind: "changed", articleId: known.id };
  }
  await seeAgain(db, known.id);
  return { kind: "changed", articleId: known.id };
}

/** As of when a telling tells its story, where it says so. */
const toldAt = ({ updated, published }: Item, by: Telling) => updated ?? (by.announces ? published : null);

/**
 * Whether a telling is of the story as it was before it was last told of, by what the source itself says: a `published` that
 * was repeated and comes after an `updated`, a feed from a cache. Its words were followed by others, and are not brought back.
 * A time that is still ahead was no time of a change: whoever typed it wrong once is heard all the same.
 */
async function isOlder(db: Db, at: string | null, before: Item): Promise<boolean> {
  if (before.updated === null || at === null || !(Date.parse(at) < Date.parse(before.updated))) return false;
  const { rows } = await db.query<{ ahead: boolean }>("select $1::timestamptz > slugline.now() as ahead", [before.updated]);
  return rows[0]?.ahead === false;
}

/** Whether a telling is a reason to read the story again. Two feeds that word one story differently are not. */
function isNews(known: KnownArticle, by: Telling, before: Item | undefined, now: Item, given: Given): boolean {
  if (known.state === "duplicate") return false;
  if (known.state === "baseline" || known.state === "held") return by.announces ?? false;
  const differs = before === undefined ? by.kind === "hook" : words(before) !== words(now);
  // A feed still lists a withdrawn story for a while; only who announces it, or its own new words, bring it back.
  if (known.state === "removed") return (by.announces ?? false) || (before !== undefined && differs);
  if (by.hint) return true;
  return differs && tellerOf(given, known.source_id)?.id === by.sourceId;
}

/** Whose telling counts: a hook that carried the whole story, else the source that found it, else whoever told first. */
export function tellerOf(given: Given, sourceId: string): { readonly id: string; readonly item: Item } | undefined {
  const all = Object.entries(given).map(([id, { kind, item }]) => ({ id, kind, item }));
  return all.find(({ kind, item }) => kind === "hook" && hasBody(item)) ?? all.find(({ id }) => id === sourceId) ?? all[0];
}

/** What a reader would see of an item. */
function words(item: Item): string {
  return JSON.stringify([
    item.title,
    item.summary,
    item.html,
    item.text,
    item.lang,
    item.tags,
    item.image?.url ?? null,
    item.embargo,
    item.social,
    // What was stored by an older version has neither.
    item.sensitive ?? false,
    item.spoiler ?? null,
  ]);
}

/** Without what Postgres cannot hold as text: NUL, and half a character. */
function storable(item: Item): Item {
  return JSON.parse(JSON.stringify(item), (_, value: unknown) =>
    typeof value === "string" ? value.toWellFormed().replaceAll("\0", "") : value,
  ) as Item;
}

/**
 * The source says that a story is gone: what waits of it is held, and what was posted is shown as outdated. One that was
 * never told is known as gone from now on: its `published` may have been lost, and be sent again.
 */
export async function withdraw(db: Db, source: { readonly id: string }, told: Item): Promise<Taken> {
  const item = storable(told);
  const [url, canonical] = item.url === null ? [null, null] : [cleanUrl(item.url), canonicalUrl(item.url)];
  if (canonical === null && item.guid === null) return { kind: "no-address" };
  const known = await findKnown(db, source.id, item.guid, canonical ?? "");
  if (known) return withdrawKnown(db, source, known);
  if (!url || !canonical) return { kind: "no-address" };
  const id = await insertArticle(db, { sourceId: source.id, guid: item.guid, url, canonical, state: "removed", given: {}, item });
  if (id === undefined) {
    const first = await findKnown(db, source.id, item.guid, canonical);
    return first ? withdrawKnown(db, source, first) : { kind: "no-address" };
  }
  await tell(db, { kind: "article-removed", article: id, source: source.id, data: { title: item.title } });
  return { kind: "changed", articleId: id };
}

async function withdrawKnown(db: Db, source: { readonly id: string }, known: KnownArticle): Promise<Taken> {
  if (known.state === "removed" || known.state === "duplicate") return { kind: "known", articleId: known.id };
  const version = known.version + 1;
  await db.query("update slugline.article set state = 'removed', version = $2, removed_at = slugline.now() where id = $1", [
    known.id,
    version,
  ]);
  await insertChange(db, known.id, "removed", version, { state: known.state });
  await tell(db, { kind: "article-removed", article: known.id, source: source.id, data: { title: known.title } });
  await ring(db, "post", known.id);
  return { kind: "changed", articleId: known.id };
}
