import { newId } from "../lib/id.ts";
import type { Db } from "../store/db.ts";

/** Who decides: a person, or the rule that says so by itself. */
export type By = { readonly person: string } | { readonly rule: string };

export type DecisionKind = "approve" | "reject" | "hold" | "release" | "schedule" | "expire";

export interface NewDecision {
  readonly postId: string;
  readonly revision: number;
  readonly kind: DecisionKind;
  readonly by: By;
  readonly until?: Date | undefined;
  readonly why?: string | undefined;
}

export async function insertDecision(db: Db, it: NewDecision): Promise<void> {
  await db.query(
    `insert into slugline.decision (id, post_id, revision, kind, by_person, by_rule, until, why)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      newId(),
      it.postId,
      it.revision,
      it.kind,
      "person" in it.by ? it.by.person : null,
      "rule" in it.by ? it.by.rule : null,
      it.until ?? null,
      it.why ?? null,
    ],
  );
}

/** The last decision about a post, and the name of whoever took it. */
export async function lastDecision(db: Db, postId: string): Promise<{ kind: DecisionKind; by: string; at: Date } | undefined> {
  const { rows } = await db.query<{ kind: DecisionKind; by: string; at: Date }>(
    `select d.kind, coalesce(p.name, d.by_rule) as by, d.at
       from slugline.decision d left join slugline.person p on p.id = d.by_person
      where d.post_id = $1 order by d.at desc, d.id desc limit 1`,
    [postId],
  );
  return rows[0];
}

/**
 * Posts about which the newsroom itself has something to decide now: automatic ones, those too old to be news,
 * and those whose hold has ended.
 */
export async function duePosts(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select p.id from slugline.post p
      where p.state = 'waiting' and (p.mode = 'auto' or p.not_after <= slugline.now())
      union all
     select p.id from slugline.post p
      where p.state = 'held' and (select case when d.kind = 'hold' then d.until end from slugline.decision d
             where d.post_id = p.id order by d.at desc, d.id desc limit 1) <= slugline.now()
      limit $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}

/** Whether the hold on a post has ended by its own time. */
export async function holdIsOver(db: Db, postId: string): Promise<boolean> {
  const { rows } = await db.query<{ over: boolean }>(
    `select d.kind = 'hold' and coalesce(d.until <= slugline.now(), false) as over from slugline.decision d
      where d.post_id = $1 order by d.at desc, d.id desc limit 1`,
    [postId],
  );
  return rows[0]?.over ?? false;
}
