import { newId } from "../lib/id.ts";
import { ring } from "../queue/ring.ts";
import type { Db } from "../store/db.ts";
import type { Item, Story } from "./article.ts";

type ArticleState = "seen" | "ready" | "baseline" | "held" | "duplicate" | "failed" | "removed";

export interface SourceRow {
  readonly id: string;
  readonly name: string;
  readonly kind: "feed" | "hook";
  readonly url: string | null;
  readonly settings: {
    readonly postNewest?: number;
    readonly secretEnv?: string;
    readonly lang?: string | null;
    readonly images?: string;
  };
  readonly interval_s: number;
  readonly etag: string | null;
  readonly last_modified: string | null;
  readonly baseline_at: Date | null;
  /** Not seen since the store was restored from a backup. */
  readonly restored: boolean;
  readonly moved_to: string | null;
  readonly moved_seen: number;
  readonly failures: number;
}

/** What each source last told of a story, by the source's id. */
export type Given = Readonly<Record<string, { readonly kind: "feed" | "hook"; readonly item: Item }>>;

export interface KnownArticle {
  readonly id: string;
  readonly source_id: string;
  readonly state: ArticleState;
  readonly version: number;
  readonly given: Given;
  readonly url: string;
  readonly title: string;
  readonly summary: string | null;
  readonly body: readonly string[];
  readonly content_hash: string | null;
  readonly failures: number;
  readonly social: Readonly<Record<string, string>>;
  readonly sensitive: boolean;
  readonly spoiler: string | null;
  /** Withdrawn, and not read since. */
  readonly removed_at: Date | null;
  readonly guid: string | null;
  readonly canonical_url: string;
  /** Its other names: addresses that it had, and guids of other sources (`nameOf`). */
  readonly also: readonly string[];
}

const KNOWN =
  "id, source_id, state, version, given, url, title, summary, body, content_hash, failures, social, sensitive, spoiler, removed_at, guid, canonical_url, also";

/** Sources whose next check has come and that nobody is checking. */
export async function dueSources(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from slugline.source
      where kind = 'feed' and state = 'active' and next_check_at <= slugline.now() and coalesce(checking_until <= slugline.now(), true)
      order by next_check_at limit $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}

/** Stories that wait to be read. */
export async function dueArticles(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    "select id from slugline.article where state = 'seen' and next_at <= slugline.now() order by next_at limit $1",
    [limit],
  );
  return rows.map((row) => row.id);
}

/** Takes the lease of a check: one at a time for a source, and for a host over all sources and processes. */
export async function claimSource(db: Db, id: string, seconds: number): Promise<SourceRow | undefined> {
  await db.query("select pg_advisory_xact_lock(hashtext(coalesce(host, ''))) from slugline.source where id = $1", [id]);
  const { rows } = await db.query<SourceRow>(
    `update slugline.source s set checking_until = slugline.now() + make_interval(secs => $2)
      where id = $1 and kind = 'feed' and state = 'active' and next_check_at <= slugline.now() and coalesce(checking_until <= slugline.now(), true)
        and not exists (select from slugline.source o where o.host = s.host and o.id <> s.id and o.checking_until > slugline.now())
      returning id, name, kind, url, settings, interval_s, etag, last_modified, baseline_at, restored, moved_to, moved_seen, failures`,
    [id, seconds],
  );
  return rows[0];
}

export async function hookSource(db: Db, name: string): Promise<SourceRow | undefined> {
  const { rows } = await db.query<SourceRow>(
    `select id, name, kind, url, settings, interval_s, etag, last_modified, baseline_at, restored, moved_to, moved_seen, failures
       from slugline.source where name = $1 and kind = 'hook' and state <> 'disabled'`,
    [name],
  );
  return rows[0];
}

/**
 * The article at a guid of the source, else at an address, else one that is known as either besides (`findKnown` says whether
 * it is the same); locked until the transaction ends.
 */
export async function lockKnown(
  db: Db,
  sourceId: string,
  guid: string | null,
  canonical: string,
): Promise<KnownArticle | undefined> {
  const { rows } = await db.query<KnownArticle>(
    `select ${KNOWN} from slugline.article
      where (guid = $2 and source_id = $1) or (canonical_url = $3 and state <> 'duplicate')
         or (also && $4::text[] and also <> '{}' and state <> 'duplicate')
      order by (guid = $2 and source_id = $1) desc nulls last, canonical_url = $3 desc limit 1 for update`,
    [sourceId, guid, canonical, guid === null ? [canonical] : [nameOf(sourceId, guid), canonical]],
  );
  return rows[0];
}

/** A story as a source other than its own names it. */
export const nameOf = (sourceId: string, guid: string) => `${sourceId} ${guid}`;

export async function putNames(db: Db, id: string, also: readonly string[]): Promise<void> {
  await db.query("update slugline.article set also = $2 where id = $1", [id, also]);
}

/** Whether no story but this one is at an address. */
export async function isAddressFree(db: Db, canonical: string, id: string): Promise<boolean> {
  const { rows } = await db.query("select from slugline.article where canonical_url = $1 and state <> 'duplicate' and id <> $2", [
    canonical,
    id,
  ]);
  return rows.length === 0;
}

/** The story is at another address from now on. Its words are as they were, and so is its version; the post stage is due. */
export async function moveArticle(
  db: Db,
  id: string,
  to: { readonly url: string; readonly canonical: string; readonly also: readonly string[] },
): Promise<void> {
  await db.query(
    `update slugline.article set url = $2, canonical_url = $3, also = $4, composed_version = least(composed_version, version - 1)
      where id = $1`,
    [id, to.url, to.canonical, to.also],
  );
}

export async function lockArticle(db: Db, id: string): Promise<KnownArticle | undefined> {
  const { rows } = await db.query<KnownArticle>(`select ${KNOWN} from slugline.article where id = $1 for update`, [id]);
  return rows[0];
}

export interface NewArticle {
  readonly sourceId: string;
  readonly guid: string | null;
  readonly url: string;
  readonly canonical: string;
  readonly state: "seen" | "baseline" | "held" | "removed";
  readonly given: Given;
  readonly item: Item;
}

/** Undefined when another transaction was first: then the story is known. */
export async function insertArticle(db: Db, it: NewArticle): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>(
    `insert into slugline.article (id, source_id, guid, url, canonical_url, state, title, given, social, published_at, embargo_until,
            composed_version, sensitive, spoiler, removed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, case $6 when 'removed' then 1 else 0 end, $12, $13,
            case $6 when 'removed' then slugline.now() end) on conflict do nothing returning id`,
    [
      newId(),
      it.sourceId,
      it.guid,
      it.url,
      it.canonical,
      it.state,
      it.item.title,
      JSON.stringify(it.given),
      JSON.stringify(it.item.social),
      it.item.published,
      it.item.embargo,
      it.item.sensitive,
      it.item.spoiler,
    ],
  );
  const id = rows[0]?.id;
  if (id !== undefined && it.state === "seen") await ring(db, "article", id);
  return id;
}

/** Keeps what the sources told: nothing goes out before the latest embargo any of them names, nor without a journalist's own words. */
export async function putGiven(db: Db, id: string, given: Given, guid: string | null): Promise<void> {
  const items = Object.values(given).map(({ item }) => item);
  const embargoes = items.flatMap(({ embargo }) => (embargo === null ? [] : [embargo]));
  const latest = embargoes.toSorted((one, other) => Date.parse(one) - Date.parse(other)).at(-1) ?? null;
  await db.query(
    `update slugline.article set given = $2, embargo_until = $3, social = $4, sensitive = $6, spoiler = $7,
            guid = coalesce(guid, (select $5::text where not exists (select from slugline.article o
              where o.source_id = article.source_id and o.guid = $5)))
      where id = $1`,
    [
      id,
      JSON.stringify(given),
      latest,
      JSON.stringify(Object.assign({}, ...items.map(({ social }) => social))),
      guid,
      // What was stored by an older version has neither.
      items.some(({ sensitive }) => sensitive ?? false),
      items.map(({ spoiler }) => spoiler ?? null).find((spoiler) => spoiler !== null) ?? null,
    ],
  );
}

/** Has a story read again. */
export async function seeAgain(db: Db, id: string): Promise<void> {
  await db.query(
    "update slugline.article set state = 'seen', next_at = slugline.now(), failures = 0, error = null where id = $1",
    [id],
  );
  await ring(db, "article", id);
}

/** A source told of a story that is new to it, though another told of it first: it is not quiet. */
export async function heardNew(db: Db, sourceId: string): Promise<void> {
  await db.query("update slugline.source set last_new_at = slugline.now() where id = $1", [sourceId]);
}

/** A story that waits for a person to say whether it is news. */
export async function hold(db: Db, id: string): Promise<void> {
  await db.query("update slugline.article set state = 'held' where id = $1", [id]);
}

/** A story as read; ready for its posts. `version` is the one it has from now on. */
export async function putStory(db: Db, id: string, story: Story, version: number, hash: string): Promise<void> {
  await db.query(
    `update slugline.article set state = 'ready', version = $2, title = $3, summary = $4, body = $5, lang = $6, dir = $7, image_url = $8, image_alt = $9,
            authors = $10, tags = $11, published_at = coalesce($12, published_at), updated_at = $13, paywalled = $14, content_hash = $15,
            described = $16,
            read_at = slugline.now(), failures = 0, error = null, removed_at = null
      where id = $1`,
    [
      id,
      version,
      story.title,
      story.summary,
      story.body,
      story.lang,
      story.dir,
      story.image?.url ?? null,
      story.image?.alt ?? null,
      story.authors,
      story.tags,
      story.published,
      story.updated,
      story.paywalled,
      hash,
      JSON.stringify(story.described),
    ],
  );
}

export async function insertChange(
  db: Db,
  articleId: string,
  kind: "edited" | "removed" | "restored",
  version: number,
  before: object,
): Promise<void> {
  await db.query("insert into slugline.article_change (id, article_id, kind, version, before) values ($1, $2, $3, $4, $5)", [
    newId(),
    articleId,
    kind,
    version,
    JSON.stringify(before),
  ]);
}
