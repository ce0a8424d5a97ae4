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

/** Writes to the append-only history, in the same transaction as what it tells. */
export async function tell(db: Db, it: Happening): Promise<void> {
  await db.query(
    `insert into slugline.event (id, kind, source_id, article_id, account_id, post_id, delivery_id, person_id, data)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      newId(),
      it.kind,
      it.source ?? null,
      it.article ?? null,
      it.account ?? null,
      it.post ?? null,
      it.delivery ?? null,
      it.person ?? null,
      JSON.stringify(it.data ?? {}),
    ],
  );
}
