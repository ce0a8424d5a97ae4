import { newId } from "../lib/id.ts";
import type { Db } from "./db.ts";

/** What happened, to what, by whom. `kind` is a message key of the editor's history page (`history.<kind>`). */
export interface Happening {
  readonly kind: string;
  readonly source?: string | null;
  readonly article?: string | null;
  readonly account?: string | null;
  readonly post?: string | null;
  readonly delivery?: string | null;
  readonly person?: string | null;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The beginning of an insert that tells of deliveries: for a statement that does what it tells of in the same breath. */
export const TELL = "insert into slugline.event (id, kind, account_id, post_id, delivery_id, data)";

/** Writes to the append-only history, in the same transaction as what it tells. */
export async function tell(db: Db, ...all: readonly Happening[]): Promise<void> {
  const rows = all.map((it) => ({
    id: newId(),
    kind: it.kind,
    source_id: it.source,
    article_id: it.article,
    account_id: it.account,
    post_id: it.post,
    delivery_id: it.delivery,
    person_id: it.person,
    data: it.data ?? {},
  }));
  await db.query(
    `insert into slugline.event (id, kind, source_id, article_id, account_id, post_id, delivery_id, person_id, data)
     select id, kind, source_id, article_id, account_id, post_id, delivery_id, person_id, data
       from jsonb_populate_recordset(null::slugline.event, $1)`,
    [JSON.stringify(rows)],
    "tell",
  );
}
