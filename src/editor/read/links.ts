import type { Db } from "../../store/db.ts";
import { after, micros, PAGE, pageOf, type Cursor, type Page } from "./cursor.ts";
import { ofSeenOrNone, type Seen } from "./seen.ts";

export interface LinkLine {
  readonly id: string;
  readonly cursor_at: string;
  readonly code: string;
  readonly target: string;
  readonly state: "reserved" | "live" | "retired";
  readonly placement: string;
  readonly created_at: Date;
  readonly article_id: string | null;
  readonly title: string | null;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl" | null;
  readonly account: string | null;
  readonly post_id: string | null;
  /** Visits of people. */
  readonly clicks: number;
  /** Bots, previews and prefetches. */
  readonly machines: number;
}

const LINK = `l.id, ${micros("l.created_at")}, l.code, l.target, l.state, l.placement, l.created_at, l.article_id,
  s.title, s.lang, s.dir, a.name as account, p.id as post_id, coalesce(c.clicks, 0)::int as clicks, coalesce(c.machines, 0)::int as machines
  from slugline.link l
  left join slugline.article s on s.id = l.article_id
  left join slugline.post p on p.link_id = l.id
  left join slugline.account a on a.id = p.account_id
  left join lateral (select sum(count) filter (where class = 'click') as clicks, sum(count) filter (where class <> 'click') as machines
    from slugline.click_hour where link_number = l.number) c on true`;

/** Links, the newest first, with their clicks. */
export async function latestLinks(db: Db, seen: Seen, cursor: Cursor | undefined): Promise<Page<LinkLine>> {
  const { rows } = await db.query<LinkLine>(
    `select ${LINK} where ${after("l.created_at", "l.id", 1)} and ${ofSeenOrNone("p.account_id", 4)} order by l.created_at desc, l.id desc limit $3`,
    [cursor?.at ?? null, cursor?.id ?? null, PAGE + 1, seen.only, seen.except],
  );
  return pageOf(rows);
}

export async function linksOf(db: Db, seen: Seen, articleId: string): Promise<LinkLine[]> {
  const { rows } = await db.query<LinkLine>(
    `select ${LINK} where l.article_id = $1 and ${ofSeenOrNone("p.account_id", 2)} order by l.created_at, l.id limit 200`,
    [articleId, seen.only, seen.except],
  );
  return rows;
}

/** All visits of people and of machines in the last 24 hours. */
export async function clicksToday(db: Db): Promise<{ clicks: number; machines: number }> {
  const { rows } = await db.query<{ clicks: number; machines: number }>(
    `select coalesce(sum(count) filter (where class = 'click'), 0)::int as clicks,
            coalesce(sum(count) filter (where class <> 'click'), 0)::int as machines
       from slugline.click_hour where hour > slugline.now() - interval '24 hours'`,
  );
  return rows[0] ?? { clicks: 0, machines: 0 };
}
