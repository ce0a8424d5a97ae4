import type { Occasion } from "../../post/post.ts";
import type { Db } from "../../store/db.ts";
import { ofSeen, type Seen } from "./seen.ts";

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
  readonly occasion: Occasion;
  /** How many parts its thread has; 1 for a single post. */
  readonly parts: number;
}

/** The part of the queue that is shown: around a post, wherever it stands. */
export interface WaitingWindow {
  readonly rows: readonly Waiting[];
  /** How many wait before the first row and after the last one. */
  readonly before: number;
  readonly after: number;
  /** The posts that stand right outside: opened, each shows its own part of the queue. */
  readonly previous: string | null;
  readonly next: string | null;
  /** At which row the post stands, or would stand if it still waited. */
  readonly at: number;
}

const SHOWN = 100;
/** The window moves in steps, so that the list stands still while an editor goes from row to row. */
const STEP = 50;
/** So many rows are left above the post, where there are as many. */
const ABOVE = 20;

/** A thread stands in the queue once, by its first part that waits. */
const WAITS = `p.state = 'waiting' and (p.part = 1 or not exists (select from slugline.post b where b.id = p.reply_to_id and b.state = 'waiting'))`;

const KEY = (post: "p" | "this") => `(${post}.priority <> 'breaking', ${post}.created_at, ${post}.id)`;
const ORDER = "p.priority <> 'breaking', p.created_at, p.id";

/** What waits around a post, without one from the start: breaking first, then the oldest. */
export async function waitingPosts(db: Db, seen: Seen, id: string | undefined): Promise<WaitingWindow> {
  const { count, before } = await placeOf(db, seen, id);
  const start = Math.floor(Math.max(0, before - ABOVE) / STEP) * STEP;
  const ahead = start > 0 ? 1 : 0;
  const { rows } = await db.query<Waiting>(
    `select p.id, p.priority, p.mode, p.created_at, p.not_after, r.text, r.lang, r.dir,
            a.name as account, a.network, s.title, s.image_url, p.occasion,
            (select count(*)::int from slugline.post q where (q.article_id, q.account_id, q.occasion, q.round) = (p.article_id, p.account_id, p.occasion, p.round)
               and q.removed_at is null) as parts
       from slugline.post p
       join slugline.post_revision r on r.post_id = p.id and r.revision = p.revision
       join slugline.account a on a.id = p.account_id
       join slugline.article s on s.id = p.article_id
      where ${WAITS} and ${ofSeen("p.account_id", 2)}
      order by ${ORDER} limit $1 offset $4`,
    [ahead + SHOWN + 1, seen.only, seen.except, start - ahead],
  );
  const shown = rows.slice(ahead, ahead + SHOWN);
  return {
    rows: shown,
    before: start,
    after: Math.max(0, count - start - shown.length),
    previous: ahead > 0 ? (rows[0]?.id ?? null) : null,
    next: rows[ahead + SHOWN]?.id ?? null,
    at: before - start,
  };
}

/** How many posts wait, and how many of them before this one, whether or not it still waits itself. */
async function placeOf(db: Db, seen: Seen, id: string | undefined): Promise<{ count: number; before: number }> {
  const { rows } = await db.query<{ count: number; before: number }>(
    `select count(*)::int as count, count(*) filter (where ${KEY("p")} < ${KEY("this")})::int as before
       from slugline.post p left join slugline.post this on this.id = $1 and ${ofSeen("this.account_id", 2)}
      where ${WAITS} and ${ofSeen("p.account_id", 2)}`,
    [id ?? null, seen.only, seen.except],
  );
  return rows[0] ?? { count: 0, before: 0 };
}

export async function waitingCount(db: Db, seen: Seen): Promise<number> {
  const { rows } = await db.query<{ count: string }>(
    `select count(*) from slugline.post p where ${WAITS} and ${ofSeen("p.account_id", 1)}`,
    [seen.only, seen.except],
  );
  return Number(rows[0]?.count ?? 0);
}

/** The post that follows this one in the queue, whether or not this one still waits; at its end, or without one, the first. */
export async function nextWaiting(db: Db, seen: Seen, id: string | null): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `select p.id from slugline.post p left join slugline.post this on this.id = $1
      where p.id is distinct from this.id and ${WAITS} and ${ofSeen("p.account_id", 2)}
      order by coalesce(${KEY("p")} > ${KEY("this")}, false) desc, ${ORDER}
      limit 1`,
    [id, seen.only, seen.except],
  );
  return rows[0]?.id ?? null;
}
