import { restNow, RESTING, type Resting } from "../../delivery/facts.ts";
import type { Rest } from "../../delivery/allowance.ts";
import type { Limits } from "../../lib/text/limits.ts";
import type { Db } from "../../store/db.ts";
import type { PostCard } from "../../post/revision.ts";
import type { Occasion, PostState } from "../../post/post.ts";
import { ofSeen, type Seen } from "./seen.ts";

/** A post with everything a person needs to decide about it. */
export interface Card {
  readonly id: string;
  readonly state: PostState;
  readonly mode: "review" | "auto";
  readonly mode_why: string;
  readonly priority: "normal" | "breaking";
  readonly occasion: Occasion;
  /** How many parts its thread has; 1 for a single post. */
  readonly parts: number;
  /** The article changed after this went out. */
  readonly outdated: boolean;
  readonly revision: number;
  readonly not_before: Date | null;
  readonly not_after: Date | null;
  readonly created_at: Date;
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly media: readonly { url: string; alt: string }[];
  readonly spoiler: string | null;
  /** Its pictures are hidden until asked for. */
  readonly sensitive: boolean;
  /** What stands of the story under it; null without a link, and where it carries pictures. */
  readonly card: PostCard | null;
  /** Where its words come from, and what gave way. */
  readonly why: readonly string[];
  /** Who wrote this revision; null: the voice. */
  readonly writer: string | null;
  readonly written_at: Date;
  readonly account_id: string;
  readonly account: string;
  readonly network: string;
  readonly handle: string | null;
  readonly rehearsal: boolean;
  readonly account_state: "active" | "locked-out" | "disabled";
  /** Why it would wait, and until when, if it were approved now. */
  readonly rest: Rest | null;
  readonly limits: Limits | null;
  readonly code: string | null;
  readonly target: string | null;
  readonly delivery_id: string | null;
  readonly delivery_state: string | null;
  readonly delivery_why: string | null;
  readonly remote_url: string | null;
  readonly article_id: string;
  readonly title: string;
  readonly summary: string | null;
  readonly body: readonly string[];
  readonly url: string;
  readonly article_lang: string | null;
  readonly article_dir: "ltr" | "rtl" | null;
  readonly image_url: string | null;
  readonly image_alt: string | null;
  readonly authors: readonly string[];
  readonly source: string;
  readonly published_at: Date | null;
  readonly embargo_until: Date | null;
  readonly article_state: string;
}

/** One post as it stands now; undefined when there is none that is seen. */
export async function cardOf(db: Db, seen: Seen, id: string): Promise<Card | undefined> {
  const { rows } = await db.query<Card & Resting>(
    `select p.id, p.state, p.mode, p.mode_why, p.priority, p.occasion, p.revision,
            (select count(*)::int from slugline.post q where (q.article_id, q.account_id, q.occasion, q.round) = (p.article_id, p.account_id, p.occasion, p.round)
               and q.removed_at is null) as parts,
            s.version > p.article_version and coalesce(d.state in ('sending', 'unknown', 'asked', 'posted'), false) as outdated,
             greatest(p.not_before, s.embargo_until) as not_before, p.not_after, p.created_at,
            r.text, r.lang, r.dir, r.media, r.spoiler, r.sensitive, r.card, r.why, w.name as writer, r.at as written_at,
            a.id as account_id, a.name as account, a.network, coalesce(a.remote_handle, a.handle) as handle, a.rehearsing as rehearsal,
            a.state as account_state, a.limits, ${RESTING}, l.code, l.target,
            d.id as delivery_id, d.state as delivery_state, d.why as delivery_why, d.remote_url,
            s.id as article_id, s.title, s.summary, s.body[1:4] as body, s.url, s.lang as article_lang, s.dir as article_dir,
            s.image_url, s.image_alt, s.authors, src.name as source, s.published_at, s.embargo_until, s.state as article_state
       from slugline.post p
       join slugline.post_revision r on r.post_id = p.id and r.revision = p.revision
       left join slugline.person w on w.id = r.written_by
       join slugline.account a on a.id = p.account_id
       cross join slugline.newsroom n
       join slugline.article s on s.id = p.article_id
       join slugline.source src on src.id = s.source_id
       left join slugline.link l on l.id = p.link_id
       left join slugline.delivery d on d.post_id = p.id and d.state <> 'cancelled'
      where p.id = $1 and ${ofSeen("p.account_id", 2)}`,
    [id, seen.only, seen.except],
  );
  return rows[0] && { ...rows[0], rest: restNow(rows[0], rows[0].priority === "breaking") };
}
