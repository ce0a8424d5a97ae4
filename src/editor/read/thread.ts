import type { PostCard } from "../../post/revision.ts";
import type { PostState } from "../../post/post.ts";
import type { Db } from "../../store/db.ts";

/** One part of a thread, as far as it is shown and decided about. */
export interface PartLine {
  readonly id: string;
  readonly part: number;
  readonly revision: number;
  readonly state: PostState;
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly media: readonly { url: string; alt: string }[];
  readonly spoiler: string | null;
  readonly sensitive: boolean;
  readonly card: PostCard | null;
  readonly code: string | null;
  readonly target: string | null;
  readonly delivery_state: string | null;
  readonly delivery_why: string | null;
  readonly remote_url: string | null;
}

/** The parts of the thread that a post is part of, in order. */
export async function partsOf(db: Db, postId: string): Promise<PartLine[]> {
  const { rows } = await db.query<PartLine>(
    `select p.id, p.part, p.revision, p.state, r.text, r.lang, r.dir, r.media, r.spoiler, r.sensitive, r.card, l.code, l.target,
            d.state as delivery_state, d.why as delivery_why, d.remote_url
       from slugline.post t
       join slugline.post p on (p.article_id, p.account_id, p.occasion, p.round) = (t.article_id, t.account_id, t.occasion, t.round)
       join slugline.post_revision r on r.post_id = p.id and r.revision = p.revision
       left join slugline.link l on l.id = p.link_id
       left join slugline.delivery d on d.post_id = p.id and d.state <> 'cancelled'
      where t.id = $1 and p.removed_at is null order by p.part`,
    [postId],
  );
  return rows;
}

/** What of a story a post's readers were told, and what it says now: only what differs. */
export interface Outdated {
  readonly withdrawn: boolean;
  readonly differs: readonly { readonly before: string | null; readonly now: string | null }[];
}

/** What changed in a story since its post was written; the first change since then kept what it was. */
export async function outdatedBy(db: Db, postId: string): Promise<Outdated> {
  const { rows } = await db.query<{
    before: { title?: string; summary?: string | null; body?: readonly string[] } | null;
    title: string;
    summary: string | null;
    body: readonly string[];
    state: string;
  }>(
    `select c.before, s.title, s.summary, s.body, s.state
       from slugline.post p join slugline.article s on s.id = p.article_id
       left join lateral (select before from slugline.article_change
         where article_id = s.id and version > p.article_version and before ? 'title' order by version limit 1) c on true
      where p.id = $1`,
    [postId],
  );
  const [row] = rows;
  if (!row) return { withdrawn: false, differs: [] };
  const { title = row.title, summary = row.summary, body = row.body } = row.before ?? {};
  const gone = body.filter((paragraph) => !row.body.includes(paragraph));
  const fresh = row.body.filter((paragraph) => !body.includes(paragraph));
  const paragraphs = Array.from({ length: Math.max(gone.length, fresh.length) }, (_, at) => ({
    before: gone[at] ?? null,
    now: fresh[at] ?? null,
  }));
  return {
    withdrawn: row.state === "removed",
    differs: [{ before: title, now: row.title }, { before: summary, now: row.summary }, ...paragraphs].filter(
      ({ before, now }) => before !== now,
    ),
  };
}
