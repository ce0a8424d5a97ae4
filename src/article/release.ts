import { ring } from "../queue/ring.ts";
import type { Store } from "../store/db.ts";
import { tell } from "../store/history.ts";

/**
 * A person's answer about stories that came in a flood and were held: they are news and go their way, or they are only
 * known from now on, as a source's first sight is.
 *
 * @returns how many there were
 */
export async function releaseHeld(
  store: Store,
  it: { readonly sourceId: string; readonly answer: "news" | "known"; readonly person: string },
): Promise<number> {
  return store.transaction(async (db) => {
    const state = it.answer === "news" ? "seen" : "baseline";
    const { rows } = await db.query<{ id: string }>(
      "update slugline.article set state = $2, next_at = slugline.now(), first_seen_at = slugline.now() where source_id = $1 and state = 'held' returning id",
      [it.sourceId, state],
    );
    if (rows.length === 0) return 0;
    if (state === "seen") for (const { id } of rows) await ring(db, "article", id);
    await tell(db, { kind: `source-held-${it.answer}`, source: it.sourceId, person: it.person, data: { count: rows.length } });
    return rows.length;
  });
}
