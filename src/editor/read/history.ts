import type { Db } from "../../store/db.ts";
import { ofSeenOrNone, type Seen } from "./seen.ts";
import { after, micros, PAGE, pageOf, type Cursor, type Page } from "./cursor.ts";

export interface EventLine {
  readonly id: string;
  readonly cursor_at: string;
  readonly at: Date;
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly person: string | null;
  readonly account: string | null;
  readonly source: string | null;
  readonly article_id: string | null;
  readonly title: string | null;
  readonly title_lang: string | null;
  readonly post_id: string | null;
}

const EVENT = `e.id, ${micros("e.at")}, e.at, e.kind, e.data, w.name as person, a.name as account, src.name as source,
  s.id as article_id, s.title, s.lang as title_lang, e.post_id
  from slugline.event e
  left join slugline.person w on w.id = e.person_id
  left join slugline.account a on a.id = e.account_id
  left join slugline.source src on src.id = e.source_id
  left join slugline.article s on s.id = e.article_id
  left join slugline.post p on p.id = e.post_id`;

const OF = "coalesce(e.account_id, p.account_id)";

/** What happened, the latest first. */
export async function latestEvents(db: Db, seen: Seen, cursor: Cursor | undefined): Promise<Page<EventLine>> {
  const { rows } = await db.query<EventLine>(
    `select ${EVENT} where ${after("e.at", "e.id", 1)} and ${ofSeenOrNone(OF, 4)} order by e.at desc, e.id desc limit $3`,
    [cursor?.at ?? null, cursor?.id ?? null, PAGE + 1, seen.only, seen.except],
  );
  return pageOf(rows);
}

export async function eventsOf(db: Db, seen: Seen, articleId: string): Promise<EventLine[]> {
  const { rows } = await db.query<EventLine>(
    `select ${EVENT} where e.article_id = $1 and ${ofSeenOrNone(OF, 2)} order by e.at desc, e.id desc limit 100`,
    [articleId, seen.only, seen.except],
  );
  return rows;
}
