import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";

/**
 * After a restore: what stands on the networks since the backup is not known here, so nothing is sent until all that may be
 * there was looked for and a person says go on. The stop switch is on as long as the hold is; only its end lets it go.
 */
export interface Hold {
  /** The moment of the backup. */
  readonly backupAt: Date;
  readonly restoredAt: Date;
  /** Being looked for. */
  readonly open: number;
  /** Found on their networks, and posted since the backup as far as we know now. */
  readonly found: number;
  /** Nobody but a person can tell. */
  readonly asked: number;
  /** Stories that came since the restore and were perhaps posted before it. */
  readonly stories: number;
  /** Feeds that were not seen since. */
  readonly unseen: number;
}

/** Whether the store is on hold, for SQL: `n` is slugline.newsroom. */
export const ON_HOLD = "(n.restored_at is not null and n.hold_ended_at is null)";

/** The hold and how far it is; undefined where there is none. */
export async function holdOf(db: Db): Promise<Hold | undefined> {
  const { rows } = await db.query<Hold>(
    `select n.backup_at as "backupAt", n.restored_at as "restoredAt",
            (select count(*) from slugline.delivery where sought is not null and state in ('sending', 'unknown', 'stale')) as open,
            (select count(*) from slugline.delivery where sought is not null and state = 'posted') as found,
            (select count(*) from slugline.delivery where sought is not null and state = 'asked') as asked,
            (select count(*) from slugline.article where state = 'held') as stories,
            (select count(*) from slugline.source where restored and kind = 'feed' and state = 'active') as unseen
       from slugline.newsroom n where ${ON_HOLD}`,
  );
  return rows[0];
}

/** - open: some are still being looked for; - none: there is no hold */
export type Ended = { readonly ok: true } | { readonly ok: false; readonly code: "open" | "none"; readonly open?: number };

/** Lets sending go on. Possible once nothing is being looked for any more: what a person was asked about still waits for them. */
export async function endHold(store: Store, by: { readonly name: string; readonly person: string | null }): Promise<Ended> {
  return store.transaction(async (db) => {
    await db.query("select from slugline.newsroom for update");
    const hold = await holdOf(db);
    if (!hold) return { ok: false, code: "none" };
    if (hold.open > 0) return { ok: false, code: "open", open: hold.open };
    await db.query(
      `update slugline.newsroom set hold_ended_at = slugline.now(), hold_ended_by = $1, paused_at = null, paused_by = null, paused_why = null`,
      [by.name],
    );
    const { found, asked, stories } = hold;
    await tell(db, { kind: "hold-ended", person: by.person, data: { by: by.name, found, asked, stories } });
    return { ok: true };
  });
}
