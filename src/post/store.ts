import type { Db } from "../store/db.ts";
import type { Occasion, PostState } from "./post.ts";
import type { PostCard, Sent } from "./revision.ts";

export interface PostRow {
  readonly id: string;
  readonly article_id: string;
  readonly account_id: string;
  readonly occasion: Occasion;
  /** Of its occasion: the second reshare is round 2. */
  readonly round: number;
  /** Of its thread, from 1; a post that is no thread is part 1. */
  readonly part: number;
  /** The post it answers: the part before it, or what it corrects. */
  readonly reply_to_id: string | null;
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

const POST = `p.id, p.article_id, p.account_id, p.occasion, p.round, p.part, p.reply_to_id, p.state, p.mode, p.mode_why, p.priority,
  p.revision, p.article_version, p.link_id, p.not_before, p.not_after, exists (select from slugline.delivery d
    where d.post_id = p.id and d.state in ('sending', 'unknown', 'asked', 'posted')) as on_its_way`;

/** The post, locked until the transaction ends; undefined also for a part taken out of its thread. */
export async function lockPost(db: Db, id: string): Promise<PostRow | undefined> {
  // Read after it is locked: whoever held it before may have begun to send it.
  await db.query("select from slugline.post where id = $1 for update", [id]);
  const { rows } = await db.query<PostRow>(`select ${POST} from slugline.post p where p.id = $1 and p.removed_at is null`, [id]);
  return rows[0];
}

/** The posts of an article but for parts taken out, locked until the transaction ends; parts in their order. */
export async function lockPostsOf(db: Db, articleId: string): Promise<PostRow[]> {
  await db.query("select from slugline.post where article_id = $1 order by id for update", [articleId]);
  const { rows } = await db.query<PostRow>(
    `select ${POST} from slugline.post p where p.article_id = $1 and p.removed_at is null order by p.account_id, p.occasion, p.round, p.part`,
    [articleId],
  );
  return rows;
}

/** The thread a post is part of, in order, locked until the transaction ends; of a post that is none, the post alone. */
export async function lockThread(db: Db, id: string): Promise<PostRow[]> {
  const ofThread = `slugline.post t join slugline.post p
       on (p.article_id, p.account_id, p.occasion, p.round) = (t.article_id, t.account_id, t.occasion, t.round)
    where t.id = $1 and p.removed_at is null`;
  await db.query(`select from ${ofThread} order by p.id for update of p`, [id]);
  const { rows } = await db.query<PostRow>(`select ${POST} from ${ofThread} order by p.part`, [id]);
  return rows;
}

export interface RevisionRow {
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly media: readonly { url: string; alt: string }[];
  readonly card: PostCard | null;
  readonly sensitive: boolean;
  readonly spoiler: string | null;
  readonly hash: string;
  readonly written_by: string | null;
}

export async function revisionOf(db: Db, postId: string, revision: number): Promise<RevisionRow | undefined> {
  const { rows } = await db.query<RevisionRow>(
    `select text, lang, dir, media, card, sensitive, spoiler, hash, written_by
       from slugline.post_revision where post_id = $1 and revision = $2`,
    [postId, revision],
    "revision",
  );
  return rows[0];
}

export interface NewRevision extends Sent {
  readonly postId: string;
  readonly revision: number;
  readonly dir: "ltr" | "rtl";
  readonly hash: string;
  /** See `wordsHashOf`. */
  readonly wordsHash: string | null;
  /** null: the voice wrote it. */
  readonly writtenBy: string | null;
  readonly why: readonly string[];
}

export async function insertRevision(db: Db, it: NewRevision): Promise<void> {
  await db.query(
    `insert into slugline.post_revision
       (post_id, revision, text, lang, dir, media, sensitive, spoiler, hash, written_by, why, card, words_hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
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
      it.card && JSON.stringify(it.card),
      it.wordsHash,
    ],
  );
}

/** Who wrote the newest text of a thread: a person's name, or null for the voice. */
export async function lastWriter(db: Db, thread: readonly PostRow[]): Promise<{ by: string | null; at: Date } | undefined> {
  const { rows } = await db.query<{ by: string | null; at: Date }>(
    `select w.name as by, r.at from slugline.post_revision r left join slugline.person w on w.id = r.written_by
      where r.post_id = any($1::uuid[]) order by r.at desc, r.revision desc limit 1`,
    [thread.map(({ id }) => id)],
  );
  return rows[0];
}

/**
 * The parts' texts once more, as their next revisions: whatever was decided about the thread is void, and whoever saw it
 * before sees that it changed. Their words, and who wrote them when, stay.
 */
export async function renew(db: Db, ids: readonly string[]): Promise<void> {
  await db.query(
    `insert into slugline.post_revision
       (post_id, revision, text, lang, dir, media, sensitive, spoiler, hash, written_by, why, card, words_hash, at)
     select r.post_id, r.revision + 1, r.text, r.lang, r.dir, r.media, r.sensitive, r.spoiler, r.hash, r.written_by, r.why,
            r.card, r.words_hash, r.at
       from slugline.post p join slugline.post_revision r on r.post_id = p.id and r.revision = p.revision
      where p.id = any($1::uuid[])`,
    [ids],
  );
  await db.query("update slugline.post set revision = revision + 1 where id = any($1::uuid[])", [ids]);
}

/**
 * The name of the account that already says the same words, approved within a month, on the same network, where that
 * network forbids it; undefined where nobody does. The account itself counts where only a link would tell the two apart
 * and neither has one; the parts of one thread do not. Waits for whoever approves the same words at this moment.
 */
export async function copiedFrom(db: Db, postId: string, revision: number): Promise<string | undefined> {
  await db.query(
    `select pg_advisory_xact_lock(hashtext(words_hash)) from slugline.post_revision
      where post_id = $1 and revision = $2 and words_hash is not null`,
    [postId, revision],
  );
  const { rows } = await db.query<{ name: string }>(
    `select b.name from slugline.post_revision r
       join slugline.post p on p.id = r.post_id
       join slugline.account a on a.id = p.account_id
       join slugline.post_revision s on s.words_hash = r.words_hash
       join slugline.post q on q.id = s.post_id and q.revision = s.revision and q.removed_at is null
            and (q.account_id <> p.account_id or (p.link_id is null and q.link_id is null
                 and (q.article_id, q.occasion, q.round) <> (p.article_id, p.occasion, p.round)))
       join slugline.account b on b.id = q.account_id and b.network = a.network
            and b.rehearsing = a.rehearsing
      where r.post_id = $1 and r.revision = $2 and q.state = 'approved' and q.updated_at > slugline.now() - interval '30 days'
        and not exists (select from slugline.delivery d where d.post_id = q.id and d.state = 'refused')
      limit 1`,
    [postId, revision],
  );
  return rows[0]?.name;
}

/** Moves a post; the caller holds its lock and has asked `nextPost`. */
export async function movePost(db: Db, id: string, state: PostState): Promise<void> {
  await db.query("update slugline.post set state = $2 where id = $1", [id, state]);
}

/** Articles whose posts are not written yet, or whose posts are to be shared again: what the `post` bell is about. */
export async function dueArticlesToCompose(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from slugline.article
      where state in ('ready', 'removed') and composed_version < version order by id limit $1`,
    [limit],
  );
  const again = await dueReshares(db, { limit: limit - rows.length });
  return [...new Set([...rows.map((row) => row.id), ...again.map((row) => row.article_id)])];
}

/** Posts whose time has come to be shared again: so long after they were posted, and never before. */
export async function dueReshares(
  db: Db,
  { articleId, limit = 100 }: { readonly articleId?: string; readonly limit?: number },
): Promise<{ id: string; article_id: string; left: number }[]> {
  const { rows } = await db.query<{ id: string; article_id: string; left: number }>(
    `select p.id, p.article_id, p.reshares_left as left
       from slugline.post p join slugline.article r on r.id = p.article_id
       join slugline.delivery d on d.post_id = p.id and d.state = 'posted'
      where p.reshare_after_s is not null and ($1::uuid is null or p.article_id = $1) and r.state in ('ready', 'removed')
        and d.posted_at + make_interval(secs => p.reshare_after_s) <= slugline.now()
      order by p.id limit $2`,
    [articleId ?? null, Math.max(limit, 0)],
  );
  return rows;
}

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
  readonly social: Readonly<Record<string, string>>;
  readonly described: Readonly<Record<string, string>>;
  readonly sensitive: boolean;
  readonly spoiler: string | null;
  readonly image_url: string | null;
  readonly image_alt: string | null;
  readonly published_at: Date | null;
  readonly embargo_until: Date | null;
}

/** An article that is read or was withdrawn, locked until the transaction ends. */
export async function lockArticle(db: Db, id: string): Promise<ArticleRow | undefined> {
  const { rows } = await db.query<ArticleRow>(
    `select r.id, r.source_id, s.name as source, s.settings->>'mode' as source_mode, s.settings->>'images' as source_images, case when r.state = 'ready' then 'ready' else 'removed' end as state, r.version, r.composed_version, r.url,
            r.title, r.summary, r.body, r.lang, r.dir, r.tags, r.social, r.described, r.sensitive, r.spoiler, r.image_url, r.image_alt, r.published_at, r.embargo_until
       from slugline.article r join slugline.source s on s.id = r.source_id
      where r.id = $1 and (r.state in ('ready', 'removed') or r.removed_at is not null) for update of r`,
    [id],
  );
  return rows[0];
}

/** Whether a story was known to the backup that this store was restored from: a post it had since is not known here. */
export async function knownToBackup(db: Db, articleId: string): Promise<boolean> {
  const { rows } = await db.query(
    "select from slugline.article r cross join slugline.newsroom n where r.id = $1 and r.first_seen_at <= n.backup_at",
    [articleId],
  );
  return rows.length > 0;
}
