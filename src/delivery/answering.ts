import type { ReplyTo } from "../networks/network.ts";
import type { Db } from "../store/db.ts";

/** What a post answers, as far as it decides whether the answer may go out. */
export interface Answering {
  /** The delivery of the post it answers; null where there is none that is not cancelled. */
  readonly parent_state: string | null;
  /** Whether the parent's remote id or its address is known. */
  readonly parent_named: boolean;
  /** Whether it is a later part of a thread: alone, its words would make no sense. */
  readonly is_part: boolean;
}

/**
 * Whether a post that answers another may begin to be sent (RELIABILITY T7).
 *
 * - go: what it answers stands and can be named; or it can stand alone
 * - wait: what it answers is not there yet
 * - ask: what it answers is there, or was given up, and nobody can say where: a person decides
 */
export function mayAnswer({ parent_state, parent_named, is_part }: Answering): "go" | "wait" | "ask" {
  if (parent_state === "posted") return parent_named || !is_part ? "go" : "ask";
  return parent_state === null && !is_part ? "ask" : "wait";
}

/** What a post answers, as it stands on its network; undefined for a post that answers nothing, or nothing that can be named. */
export async function replyOf(db: Db, postId: string): Promise<ReplyTo | undefined> {
  const { rows } = await db.query<{ id: string | null; url: string | null; ref: string | null }>(
    `with recursive up as (
       select p.reply_to_id as id, 1 as depth from slugline.post p where p.id = $1 and p.reply_to_id is not null
       union all
       select p.reply_to_id, depth + 1 from up join slugline.post p on p.id = up.id where p.reply_to_id is not null
     )
     select d.remote_id as id, d.remote_url as url, d.remote_ref as ref
       from up left join slugline.delivery own on own.post_id = $1 and own.state <> 'cancelled'
         left join slugline.delivery d on d.post_id = up.id and d.state = 'posted'
              and coalesce(d.rehearsal, own.rehearsal, false) = coalesce(own.rehearsal, false)
      order by depth`,
    [postId],
  );
  const [parent] = rows;
  if (!parent || (parent.id === null && parent.url === null)) return undefined;
  const root = rows.at(-1)!;
  return { parent, root: root.id === null && root.url === null ? parent : root };
}

/** What answers a post that stands now is due: its next part, a correction. Their posts' ids. */
export async function wakeAnswers(db: Db, postId: string): Promise<string[]> {
  const { rows } = await db.query<{ post_id: string }>(
    `update slugline.delivery d set next_at = slugline.now() from slugline.post p
      where p.reply_to_id = $1 and d.post_id = p.id and d.state = 'due' and d.why in ('part-before', 'answered-post') returning d.post_id`,
    [postId],
    "wake-answers",
  );
  return rows.map((row) => row.post_id);
}

/** A person says where the post stands that this one answers, where nobody else could. */
export async function nameParent(db: Db, postId: string, url: string): Promise<void> {
  await db.query(
    `update slugline.delivery d set remote_url = $2 from slugline.post p
      where p.id = $1 and d.post_id = p.reply_to_id and d.state = 'posted' and d.remote_id is null and d.remote_url is null`,
    [postId, url],
  );
}

/**
 * Whether another delivery of the account, of which no remote id is known, said the same words in the same place about the
 * same time: then its post could be taken for this one's, which has no link to tell them apart.
 */
export async function hasTwin(db: Db, deliveryId: string): Promise<boolean> {
  const { rows } = await db.query<{ twin: boolean }>(
    `select exists (
       select from slugline.delivery d
         join slugline.post p on p.id = d.post_id
         join slugline.post_revision r on r.post_id = d.post_id and r.revision = d.revision
         join slugline.delivery o on o.account_id = d.account_id and o.id <> d.id and o.remote_id is null and o.attempts > 0
              and o.intent_at > d.intent_at - interval '1 hour'
         join slugline.post q on q.id = o.post_id and q.reply_to_id is not distinct from p.reply_to_id
         join slugline.post_revision s on s.post_id = o.post_id and s.revision = o.revision and s.text = r.text
        where d.id = $1 and o.state in ('sending', 'unknown', 'asked', 'posted', 'cancelled')) as twin`,
    [deliveryId],
  );
  return rows[0]?.twin ?? false;
}
