import type { Db } from "../../store/db.ts";
import type { PostState } from "../../post/post.ts";
import { after, micros, PAGE, pageOf, type Cursor, type Page } from "./cursor.ts";
import { ofSeen, type Seen } from "./seen.ts";

export interface PostLine {
  readonly id: string;
  readonly cursor_at: string;
  readonly state: PostState;
  readonly updated_at: Date;
  readonly not_before: Date | null;
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly account_id: string;
  readonly account: string;
  readonly network: string;
  readonly delivery_state: string | null;
  readonly remote_url: string | null;
  readonly decided_by: string | null;
  readonly why: string | null;
  readonly until: Date | null;
}

const LINE = `p.id, ${micros("p.updated_at")}, p.state, p.updated_at, p.not_before, r.text, r.lang, r.dir, p.account_id, a.name as account, a.network,
  d.state as delivery_state, d.remote_url, coalesce(w.name, c.by_rule) as decided_by, c.why, c.until
  from slugline.post p
  join slugline.post_revision r on r.post_id = p.id and r.revision = p.revision
  join slugline.account a on a.id = p.account_id
  left join slugline.delivery d on d.post_id = p.id and d.state <> 'cancelled'
  left join lateral (select by_person, by_rule, why, until from slugline.decision
    where post_id = p.id order by at desc, id desc limit 1) c on true
  left join slugline.person w on w.id = c.by_person`;

/** Posts in one state, latest change first. */
export async function postsIn(db: Db, seen: Seen, state: PostState, cursor: Cursor | undefined): Promise<Page<PostLine>> {
  const { rows } = await db.query<PostLine>(
    `select ${LINE} where p.state = $1 and p.removed_at is null and ${after("p.updated_at", "p.id", 2)} and ${ofSeen("p.account_id", 5)}
      order by p.updated_at desc, p.id desc limit $4`,
    [state, cursor?.at ?? null, cursor?.id ?? null, PAGE + 1, seen.only, seen.except],
  );
  return pageOf(rows);
}

/** The posts of one article. */
export async function postsOf(db: Db, seen: Seen, articleId: string): Promise<PostLine[]> {
  const { rows } = await db.query<PostLine>(
    `select ${LINE} where p.article_id = $1 and p.removed_at is null and ${ofSeen("p.account_id", 2)} order by p.created_at, p.part, p.id`,
    [articleId, seen.only, seen.except],
  );
  return rows;
}

export interface RevisionLine {
  readonly revision: number;
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly at: Date;
  readonly writer: string | null;
  readonly why: readonly string[];
}

export async function revisionsOf(db: Db, postId: string): Promise<RevisionLine[]> {
  const { rows } = await db.query<RevisionLine>(
    `select r.revision, r.text, r.lang, r.dir, r.at, w.name as writer, r.why
       from slugline.post_revision r left join slugline.person w on w.id = r.written_by
      where r.post_id = $1 order by r.revision desc`,
    [postId],
  );
  return rows;
}

export interface DecisionLine {
  readonly id: string;
  readonly revision: number;
  readonly kind: string;
  readonly by: string;
  readonly rule: boolean;
  readonly until: Date | null;
  readonly why: string | null;
  readonly at: Date;
}

export async function decisionsOf(db: Db, postId: string): Promise<DecisionLine[]> {
  const { rows } = await db.query<DecisionLine>(
    `select d.id, d.revision, d.kind, coalesce(w.name, d.by_rule) as by, d.by_person is null as rule, d.until, d.why, d.at
       from slugline.decision d left join slugline.person w on w.id = d.by_person
      where d.post_id = $1 order by d.at desc, d.id desc`,
    [postId],
  );
  return rows;
}
