import { newId } from "../lib/id.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { EARLIER, OPENED } from "./store.ts";

const AT_ONCE = 1_000;

/**
 * Puts a store that was just restored on hold. Whatever was open at the moment of the backup may have been sent since, so it
 * is `unknown` now, from that moment on: it is looked for like any other whose outcome nobody knows (RELIABILITY T4, F20).
 * That goes for posts that only waited, too: they may have been approved and sent.
 *
 * In the restore's own transaction.
 *
 * @param at the moment of the backup
 */
export async function beginHold(db: Db, at: Date): Promise<void> {
  await db.query(
    `update slugline.newsroom set backup_at = $1, restored_at = slugline.now(), hold_ended_at = null, hold_ended_by = null,
            paused_at = slugline.now(), paused_by = 'slugline restore', paused_why = 'restored'`,
    [at],
  );
  // Asked as if for the first time: what is new to us may be old to the followers.
  await db.query(
    `update slugline.source set restored = true, etag = null, last_modified = null, checking_until = null, next_check_at = slugline.now()`,
  );
  // Read, or written about, since: under codes that nobody knows any more.
  await db.query(
    `update slugline.article r set state = 'held' where (state = 'seen' or (state = 'ready' and composed_version < version))
        and not exists (select from slugline.post p where p.article_id = r.id)`,
  );
  // These rows move as no delivery moves while it works.
  await db.query(
    "alter table slugline.delivery disable trigger delivery_moves; alter table slugline.post disable trigger post_moves",
  );
  await db.query(
    `update slugline.post p set sought_since = $1
      where not exists (select from slugline.delivery d where d.post_id = p.id and d.state = 'posted')`,
    [at],
  );
  await db.query(
    `update slugline.delivery d set state = 'unknown', sought = 'it', why = 'restored', unknown_at = slugline.now(), misses = 0,
            intent_at = coalesce(d.intent_at, $1::timestamptz - ${EARLIER}), link_code = coalesce(d.link_code, l.code),
            epoch = d.epoch + 1, lease_until = null, held_by = null, held_at = null, next_at = slugline.now()
       from slugline.post p left join slugline.link l on l.id = p.link_id
      where p.id = d.post_id and d.state not in ('posted', 'cancelled')`,
    [at],
  );
  await db.query(
    "alter table slugline.delivery enable trigger delivery_moves; alter table slugline.post enable trigger post_moves",
  );
  await seekUndelivered(db);
  await tell(db, { kind: "restored", data: { at: at.toISOString() } });
}

/** A delivery for each post that had none and may have got one since. */
async function seekUndelivered(db: Db): Promise<void> {
  for (;;) {
    const { rows } = await db.query<{ id: string }>(
      `select p.id from slugline.post p where p.sought_since is not null and p.state in ('waiting', 'approved', 'held')
          and not exists (select from slugline.delivery d where d.post_id = p.id and d.state <> 'cancelled') limit $1`,
      [AT_ONCE],
    );
    if (rows.length === 0) return;
    await db.query(
      `insert into slugline.delivery (id, ${OPENED.columns})
       select n.delivery, ${OPENED.values} from unnest($1::uuid[], $2::uuid[]) n (post, delivery)
         join slugline.post p on p.id = n.post left join slugline.link l on l.id = p.link_id`,
      [rows.map(({ id }) => id), rows.map(() => newId())],
    );
  }
}

/** It was looked for and is surely not there: from here on it is a post like any other. */
export async function notSought(db: Db, postId: string): Promise<void> {
  await db.query("update slugline.post set sought_since = null where id = $1", [postId]);
}

/** A post that was found on its network was approved, whoever did it in the store that is lost. */
export async function adopt(db: Db, postId: string): Promise<void> {
  const { rows } = await db.query<{ revision: number; state: string }>(
    "select revision, state from slugline.post where id = $1",
    [postId],
  );
  await notSought(db, postId);
  if (!rows[0] || rows[0].state === "approved") return;
  await db.query("update slugline.post set state = 'approved' where id = $1", [postId]);
  await db.query(
    `insert into slugline.decision (id, post_id, revision, kind, by_rule, why) values ($1, $2, $3, 'approve', 'restored', 'found')`,
    [newId(), postId, rows[0].revision],
  );
}
