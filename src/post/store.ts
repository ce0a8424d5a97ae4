import type { Db } from "../store/db.ts";
import type { PostState } from "./post.ts";

export interface PostRow {
  readonly id: string;
  readonly article_id: string;
  readonly account_id: string;
  readonly state: PostState;
  readonly mode: "review" | "auto";
  readonly mode_why: string;
  readonly priority: "normal" | "breaking";
  readonly revision: number;
  readonly article_version: number;
  readonly link_id: string | null;
  readonly not_before: Date | null;
  readonly not_after: Date | null;
  /** A delivery of it is `sending` or later. */
  readonly on_its_way: boolean;
}

const ON_ITS_WAY = `exists (select from slugline.delivery d
  where d.post_id = p.id and d.state in ('sending', 'unknown', 'asked', 'posted'))`;

/** The post, locked until the transaction ends. */
export async function lockPost(db: Db, id: string): Promise<PostRow | undefined> {
  const { rows } = await db.query<PostRow>(
    `select p.id, p.article_id, p.account_id, p.state, p.mode, p.mode_why, p.priority, p.revision, p.article_version,
            p.link_id, p.not_before, p.not_after, ${ON_ITS_WAY} as on_its_way
       from slugline.post p where p.id = $1 for update of p`,
    [id],
  );
  return rows[0];
}

/** The posts of an article, locked until the transaction ends. */
export async function lockPostsOf(db: Db, articleId: string): Promise<PostRow[]> {
  const { rows } = await db.query<PostRow>(
    `select p.id, p.article_id, p.account_id, p.state, p.mode, p.mode_why, p.priority, p.revision, p.article_version,
            p.link_id, p.not_before, p.not_after, ${ON_ITS_WAY} as on_its_way
       from slugline.post p where p.article_id = $1 order by p.id for update of p`,
    [articleId],
  );
  return rows;
}

export interface RevisionRow {
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly media: readonly { url: string; alt: string }[];
  readonly sensitive: boolean;
  readonly spoiler: string | null;
  readonly hash: string;
  readonly written_by: string | null;
}

export async function revisionOf(db: Db, postId: string, revision: number): Promise<RevisionRow | undefined> {
  const { rows } = await db.query<RevisionRow>(
    `select text, lang, dir, media, sensitive, spoiler, hash, written_by
       from slugline.post_revision where post_id = $1 and revision = $2`,
    [postId, revision],
  );
  return rows[0];
}

export interface NewRevision {
  readonly postId: string;
  readonly revision: number;
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly media: readonly { url: string; alt: string }[];
  readonly sensitive: boolean;
  readonly spoiler: string | null;
  readonly hash: string;
  /** null: the voice wrote it. */
  readonly writtenBy: string | null;
  readonly why: readonly string[];
}

export async function insertRevision(db: Db, it: NewRevision): Promise<void> {
  await db.query(
    `insert into slugline.post_revision
       (post_id, revision, text, lang, dir, media, sensitive, spoiler, hash, written_by, why)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      it.postId,
      it.revision,
      it.text,
      it.lang,
      it.dir,
      JSON.stringify(it.media),
      it.sensitive,
      it.spoiler,
      it.hash,
      it.writtenBy,
      JSON.stringify(it.why),
    ],
  );
}

/** Moves a post; the caller holds its lock and has asked `nextPost`. */
export async function movePost(db: Db, id: string, state: PostState): Promise<void> {
  await db.query("update slugline.post set state = $2 where id = $1", [id, state]);
}

/** Articles whose posts are not written yet: what the `post` bell is about. */
export async function dueArticlesToCompose(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from slugline.article
      where state in ('ready', 'removed') and composed_version < version order by id limit $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}
