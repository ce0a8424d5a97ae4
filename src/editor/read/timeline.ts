import type { Db } from "../../store/db.ts";
import { after, micros, PAGE, pageOf, type Cursor, type Page } from "./cursor.ts";
import type { PostCard } from "../../post/revision.ts";
import { ofSeen, type Seen } from "./seen.ts";

/** What an account in rehearsal "posted". */
export interface Status {
  readonly id: string;
  readonly cursor_at: string;
  readonly account: string;
  readonly network: string;
  readonly handle: string | null;
  readonly text: string;
  readonly lang: string | null;
  readonly link: string | null;
  readonly media: readonly { url: string; alt: string }[];
  readonly spoiler: string | null;
  readonly sensitive: boolean;
  readonly card: PostCard | null;
  readonly target: string | null;
  readonly at: Date;
  readonly edited_at: Date | null;
  readonly post_id: string | null;
  readonly clicks: number;
  readonly machines: number;
}

/** @param shortUrl origin of the short links: what comes after it in `link` is the code */
export async function timeline(db: Db, seen: Seen, shortUrl: string, cursor: Cursor | undefined): Promise<Page<Status>> {
  const { rows } = await db.query<Status>(
    `select t.id, ${micros("t.at")}, a.name as account, a.network, coalesce(a.remote_handle, a.handle) as handle,
            t.text, t.lang, t.link, t.media, t.spoiler, t.sensitive, t.at, t.edited_at,
            r.card, l.target, p.id as post_id,
            coalesce(c.clicks, 0)::int as clicks, coalesce(c.machines, 0)::int as machines
       from slugline.timeline t
       join slugline.account a on a.id = t.account_id
       left join slugline.link l on t.link = $1 || '/' || l.code
       left join slugline.post p on p.link_id = l.id
       left join slugline.post_revision r on r.post_id = p.id and r.revision = p.revision
       left join lateral (select sum(count) filter (where class = 'click') as clicks, sum(count) filter (where class <> 'click') as machines
         from slugline.click_hour where link_number = l.number) c on true
      where t.removed_at is null and ${after("t.at", "t.id", 2)} and ${ofSeen("t.account_id", 5)}
      order by t.at desc, t.id desc limit $4`,
    [shortUrl, cursor?.at ?? null, cursor?.id ?? null, PAGE + 1, seen.only, seen.except],
  );
  return pageOf(rows);
}
