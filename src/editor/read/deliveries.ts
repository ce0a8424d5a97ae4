import type { Db } from "../../store/db.ts";
import { ofSeen, type Seen } from "./seen.ts";

/** A delivery that needs a person, or whose story is told on its post's page. */
export interface DeliveryLine {
  readonly id: string;
  readonly post_id: string;
  readonly state: string;
  readonly why: string | null;
  readonly attempts: number;
  readonly unknown_at: Date | null;
  readonly next_at: Date;
  readonly remote_url: string | null;
  readonly posted_at: Date | null;
  readonly updated_at: Date;
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly account_id: string;
  readonly account: string;
  readonly network: string;
}

/** Its account's own allowance keeps it: told there, once for all of them. */
const RESTS = "d.state = 'due' and d.priority <> 'breaking' and a.rests_until > slugline.now()";

const DELIVERY = `select d.id, d.post_id, d.state, case when ${RESTS} then a.rests_why else d.why end as why, d.attempts, d.unknown_at,
       case when ${RESTS} then a.rests_until else d.next_at end as next_at, d.remote_url, d.posted_at, d.updated_at,
       r.text, r.lang, r.dir, d.account_id, a.name as account, a.network
  from slugline.delivery d
  join slugline.post_revision r on r.post_id = d.post_id and r.revision = d.revision
  join slugline.account a on a.id = d.account_id`;

/** Deliveries only a person can move on: asked, refused, locked out. */
export async function stuckDeliveries(db: Db, seen: Seen): Promise<DeliveryLine[]> {
  const { rows } = await db.query<DeliveryLine>(
    `${DELIVERY} where d.state in ('asked', 'refused', 'locked-out') and ${ofSeen("d.account_id", 1)}
      order by d.state, d.updated_at limit 20`,
    [seen.only, seen.except],
  );
  return rows;
}

export async function deliveriesOf(db: Db, postId: string): Promise<DeliveryLine[]> {
  const { rows } = await db.query<DeliveryLine>(`${DELIVERY} where d.post_id = $1 order by d.created_at desc`, [postId]);
  return rows;
}

export interface AttemptLine {
  readonly id: string;
  readonly delivery_id: string;
  readonly kind: "send" | "look";
  readonly began_at: Date;
  readonly ended_at: Date | null;
  readonly outcome: string | null;
  readonly why: string | null;
}

export async function attemptsOf(db: Db, postId: string): Promise<AttemptLine[]> {
  const { rows } = await db.query<AttemptLine>(
    `select t.id, t.delivery_id, t.kind, t.began_at, t.ended_at, t.outcome, t.why
       from slugline.attempt t join slugline.delivery d on d.id = t.delivery_id
      where d.post_id = $1 order by t.began_at desc, t.id desc limit 100`,
    [postId],
  );
  return rows;
}
