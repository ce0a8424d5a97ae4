import type { Db } from "../store/db.ts";

/** What posts are written from. */
export interface ArticleRow {
  readonly id: string;
  readonly source_id: string;
  /** The source's name and the mode it asks for. */
  readonly source: string;
  readonly source_mode: "review" | "auto" | null;
  /** Whose pictures the source lets be posted. */
  readonly source_images: "own" | "all" | "none" | null;
  readonly state: "ready" | "removed";
  readonly version: number;
  readonly composed_version: number;
  readonly url: string;
  readonly title: string;
  readonly summary: string | null;
  readonly body: readonly string[];
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl" | null;
  readonly tags: readonly string[];
  readonly image_url: string | null;
  readonly image_alt: string | null;
  readonly published_at: Date | null;
  readonly embargo_until: Date | null;
}

/** An article that is read or was withdrawn, locked until the transaction ends. */
export async function lockArticle(db: Db, id: string): Promise<ArticleRow | undefined> {
  const { rows } = await db.query<ArticleRow>(
    `select r.id, r.source_id, s.name as source, s.settings->>'mode' as source_mode, s.settings->>'images' as source_images, r.state, r.version, r.composed_version, r.url,
            r.title, r.summary, r.body, r.lang, r.dir, r.tags, r.image_url, r.image_alt, r.published_at, r.embargo_until
       from slugline.article r join slugline.source s on s.id = r.source_id
      where r.id = $1 and r.state in ('ready', 'removed') for update of r`,
    [id],
  );
  return rows[0];
}
