import { newId } from "../lib/id.ts";
import type { Db } from "../store/db.ts";
import type { PublicLink } from "./store.ts";

/**
 * Takes back a public link that a redirect remembers and a restored store does not: once public it leads on for ever (R4).
 * One that the store has may have gone live or been retired since; it never goes back. Keeps its number where that is free.
 *
 * @returns whether anything changed
 */
export async function keepPublic(db: Db, link: PublicLink): Promise<boolean> {
  const { rows } = await db.query<{ moved: boolean }>(
    `update slugline.link set state = $2, live_at = coalesce(live_at, slugline.now()),
            retired_at = case when $2 = 'retired' then slugline.now() else retired_at end
      where code = $1 and ((state = 'reserved') or (state = 'live' and $2 = 'retired')) returning true as moved`,
    [link.code, link.state],
  );
  if (rows[0]) return true;
  const { rows: there } = await db.query("select from slugline.link where code = $1", [link.code]);
  if (there.length > 0) return false;
  const own = await db.query(
    `insert into slugline.link (id, code, number, target, placement, state, live_at, retired_at)
     overriding system value
     select $1, $2, $3, $4, 'restored:' || $2, $5, slugline.now(), case when $5 = 'retired' then slugline.now() end
     on conflict do nothing`,
    [newId(), link.code, link.number, link.target, link.state],
  );
  if (own.rowCount === 1) return true;
  const other = await db.query(
    `insert into slugline.link (id, code, target, placement, state, live_at, retired_at)
     select $1, $2, $3, 'restored:' || $2, $4, slugline.now(), case when $4 = 'retired' then slugline.now() end
     on conflict do nothing`,
    [newId(), link.code, link.target, link.state],
  );
  return other.rowCount === 1;
}
