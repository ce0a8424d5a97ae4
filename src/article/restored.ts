import { ON_HOLD } from "../newsroom/hold.ts";
import type { Db } from "../store/db.ts";
import type { Item } from "./article.ts";

/** So long after a restore a story from before it may still come to light (SQL interval). */
const LATE = "interval '7 days'";

/**
 * Whether a story that this store does not know may have been posted all the same, by the Slugline whose backup it was
 * restored from: one from before the restore, an update of one that was never told here, or while the hold lasts one that
 * says no time. A person is asked about it, as in a flood.
 */
export async function perhapsPosted(
  db: Db,
  by: { readonly kind: "feed" | "hook"; readonly announces?: boolean },
  item: Item,
): Promise<boolean> {
  const { rows } = await db.query<{ perhaps: boolean }>(
    `select case when $1::timestamptz is not null then $1 < n.restored_at when $2 then true else n.hold_ended_at is null end as perhaps
       from slugline.newsroom n where n.backup_at is not null and n.restored_at > slugline.now() - ${LATE}`,
    [item.published, by.kind === "hook" && !by.announces],
  );
  return rows[0]?.perhaps ?? false;
}

/** Whether the store is on hold: what is held then is not let through by being told again. */
export async function onHold(db: Db): Promise<boolean> {
  const { rows } = await db.query(`select from slugline.newsroom n where ${ON_HOLD}`);
  return rows.length > 0;
}
