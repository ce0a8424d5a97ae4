import type { Db } from "../../store/db.ts";
import { after, micros, PAGE, pageOf, type Cursor, type Page } from "./cursor.ts";
import { ofSeen, type Seen } from "./seen.ts";

export interface ArticleLine {
  readonly id: string;
  readonly cursor_at: string;
  readonly title: string;
  readonly url: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl" | null;
  readonly state: string;
  readonly unclaimed: boolean;
  readonly error: string | null;
  readonly source: string;
  readonly first_seen_at: Date;
  readonly published_at: Date | null;
  readonly posts: number;
}

/** Stories, the latest seen first. */
export async function latestArticles(db: Db, seen: Seen, cursor: Cursor | undefined): Promise<Page<ArticleLine>> {
  const { rows } = await db.query<ArticleLine>(
    `select s.id, ${micros("s.first_seen_at")}, s.title, s.url, s.lang, s.dir, s.state, s.unclaimed, s.error, src.name as source,
            s.first_seen_at, s.published_at, (select count(*)::int from slugline.post p where p.article_id = s.id and p.removed_at is null and ${ofSeen("p.account_id", 4)}) as posts
       from slugline.article s join slugline.source src on src.id = s.source_id
      where ${after("s.first_seen_at", "s.id", 1)}
      order by s.first_seen_at desc, s.id desc limit $3`,
    [cursor?.at ?? null, cursor?.id ?? null, PAGE + 1, seen.only, seen.except],
  );
  return pageOf(rows);
}

export interface Article extends Omit<ArticleLine, "cursor_at" | "posts"> {
  readonly guid: string | null;
  readonly canonical_url: string;
  readonly summary: string | null;
  readonly body: readonly string[];
  readonly authors: readonly string[];
  readonly tags: readonly string[];
  readonly image_url: string | null;
  readonly image_alt: string | null;
  readonly version: number;
  readonly updated_at: Date | null;
  readonly embargo_until: Date | null;
  readonly paywalled: boolean | null;
}

export async function articleById(db: Db, id: string): Promise<Article | undefined> {
  const { rows } = await db.query<Article>(
    `select s.id, s.title, s.url, s.canonical_url, s.guid, s.lang, s.dir, s.state, s.unclaimed, s.error, src.name as source,
            s.first_seen_at, s.published_at, s.updated_at, s.embargo_until, s.summary, s.body, s.authors, s.tags,
            s.image_url, s.image_alt, s.version, s.paywalled
       from slugline.article s join slugline.source src on src.id = s.source_id where s.id = $1`,
    [id],
  );
  return rows[0];
}

export interface ChangeLine {
  readonly id: string;
  readonly at: Date;
  readonly kind: "edited" | "removed" | "restored";
  readonly version: number;
}

export async function changesOf(db: Db, articleId: string): Promise<ChangeLine[]> {
  const { rows } = await db.query<ChangeLine>(
    "select id, at, kind, version from slugline.article_change where article_id = $1 order by at desc, id desc limit 50",
    [articleId],
  );
  return rows;
}
