import type { Db } from "../../store/db.ts";

/** One line of the queue: a post that waits for a decision. */
export interface Waiting {
  readonly id: string;
  readonly priority: "normal" | "breaking";
  readonly mode: "review" | "auto";
  readonly created_at: Date;
  readonly not_after: Date | null;
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly account: string;
  readonly network: string;
  readonly title: string;
  readonly image_url: string | null;
}

/** How many lines the queue shows; as they are decided, others move up. */
const QUEUE = 100;

const ORDER = "(p.priority = 'breaking') desc, p.created_at, p.id";

/** What waits: breaking first, then the oldest. */
export async function waitingPosts(db: Db): Promise<Waiting[]> {
  const { rows } = await db.query<Waiting>(
    `select p.id, p.priority, p.mode, p.created_at, p.not_after, r.text, r.lang, r.dir,
            a.name as account, a.network, s.title, s.image_url
       from slugline.post p
       join slugline.post_revision r on r.post_id = p.id and r.revision = p.revision
       join slugline.account a on a.id = p.account_id
       join slugline.article s on s.id = p.article_id
      where p.state = 'waiting'
      order by ${ORDER} limit $1`,
    [QUEUE],
  );
  return rows;
}

export async function waitingCount(db: Db): Promise<number> {
  const { rows } = await db.query<{ count: string }>("select count(*) from slugline.post where state = 'waiting'");
  return Number(rows[0]?.count ?? 0);
}

/** The post that follows this one in the queue, whether or not this one still waits; at its end the first; null when none waits. */
export async function nextWaiting(db: Db, id: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `select p.id from slugline.post p, slugline.post this
      where this.id = $1 and p.id <> this.id and p.state = 'waiting'
      order by (p.priority <> 'breaking', p.created_at, p.id) > (this.priority <> 'breaking', this.created_at, this.id) desc, ${ORDER}
      limit 1`,
    [id],
  );
  return rows[0]?.id ?? null;
}
