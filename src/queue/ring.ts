import type { Db } from "../store/db.ts";

/** One bell per stage; each wakes that stage's verb with the id of a row. */
export type Bell = "source" | "article" | "post" | "review" | "delivery";

/** Puts bells into the queue; urgent ones before all that waits there. */
export type Add = (bell: Bell, subjects: readonly string[], urgent?: boolean) => Promise<void>;

/**
 * Rings a bell for a row: an outbox row in the caller's transaction, so that the bell is heard only if what it
 * tells of is committed. Losing the bell loses nothing: the sweeper asks each stage's `due` query. Whether it is urgent the
 * schema knows (outbox_urgent).
 */
export async function ring(db: Db, bell: Bell, subject: string): Promise<void> {
  await db.query("insert into slugline.outbox (bell, subject) values ($1, $2)", [bell, subject]);
}
