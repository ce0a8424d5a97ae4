import { newId } from "../lib/id.ts";
import type { Db } from "../store/db.ts";
import type { DeliveryState } from "./delivery.ts";

export interface DeliveryRow {
  readonly id: string;
  readonly post_id: string;
  readonly revision: number;
  readonly account_id: string;
  readonly state: DeliveryState;
  readonly idempotency: string | null;
  readonly intent_at: Date | null;
  readonly link_code: string | null;
  readonly epoch: number;
  readonly attempts: number;
  readonly misses: number;
  /** How long its outcome has been unknown, in milliseconds. */
  readonly unknown_ms: number | null;
  readonly not_after: Date | null;
  readonly remote_id: string | null;
  /** Whether its moment (`next_at`) has come. */
  readonly ready: boolean;
  /** Whether nobody holds a lease on it any more. */
  readonly free: boolean;
}

const COLUMNS = `d.id, d.post_id, d.revision, d.account_id, d.state, d.idempotency, d.intent_at, d.link_code, d.epoch,
  d.attempts, d.misses, (extract(epoch from slugline.now() - d.unknown_at) * 1000)::float8 as unknown_ms, d.not_after, d.remote_id, d.next_at <= slugline.now() as ready,
  coalesce(d.lease_until <= slugline.now(), true) as free`;

/** The one delivery of a post that is not cancelled. */
export async function deliveryOf(db: Db, postId: string): Promise<DeliveryRow | undefined> {
  const { rows } = await db.query<DeliveryRow>(
    `select ${COLUMNS} from slugline.delivery d where d.post_id = $1 and d.state <> 'cancelled'`,
    [postId],
  );
  return rows[0];
}

/** A delivery, locked until the transaction ends. */
export async function lockDelivery(db: Db, id: string): Promise<DeliveryRow | undefined> {
  const { rows } = await db.query<DeliveryRow>(`select ${COLUMNS} from slugline.delivery d where d.id = $1 for update of d`, [
    id,
  ]);
  return rows[0];
}

/** Makes the delivery of an approved post, unless it has one. */
export async function openDelivery(db: Db, postId: string): Promise<void> {
  await db.query(
    `insert into slugline.delivery (id, post_id, revision, account_id, priority, not_after)
     select $2, p.id, p.revision, p.account_id, p.priority, p.not_after from slugline.post p
      where p.id = $1 and p.state = 'approved'
     on conflict (post_id) where state <> 'cancelled' do nothing`,
    [postId, newId()],
  );
}

/** Everything that must hold in the moment the sending begins (DESIGN R3), read in the transaction that begins it. */
export interface Gate {
  readonly paused: boolean;
  readonly approved: boolean;
  readonly withdrawn: boolean;
  readonly account_state: "active" | "locked-out" | "disabled";
  /** The latest of the post's `not before` and the article's embargo, where that is still ahead. */
  readonly wait_until: Date | null;
  readonly late: boolean;
  /** The account's next free moment, where that is still ahead. */
  readonly paced_until: Date | null;
  readonly spacing_s: number;
  /** Another delivery of this account is due and goes first. */
  readonly behind: boolean;
  readonly link_id: string | null;
  readonly link_code: string | null;
}

/** Locks a post and its delivery, in the order in which everybody does: post, delivery, account. */
export async function lockBoth(db: Db, it: { readonly id: string; readonly post_id: string }): Promise<DeliveryRow | undefined> {
  await db.query("select from slugline.post where id = $1 for update", [it.post_id]);
  return lockDelivery(db, it.id);
}

/** Locks the account's pace, so that two deliveries of one account never begin at once. */
export async function gateOf(db: Db, delivery: DeliveryRow): Promise<Gate | undefined> {
  await db.query("select from slugline.account where id = $1 for update", [delivery.account_id]);
  const { rows } = await db.query<Gate>(
    `select n.paused_at is not null as paused,
            p.state = 'approved' and p.revision = $2 and coalesce((select c.revision = p.revision and c.kind in ('approve', 'schedule')
              from slugline.decision c where c.post_id = p.id order by c.at desc, c.id desc limit 1), false) as approved,
            r.state = 'removed' as withdrawn,
            a.state as account_state,
            case when greatest(p.not_before, r.embargo_until) > slugline.now() then greatest(p.not_before, r.embargo_until) end as wait_until,
            coalesce(d.not_after <= slugline.now(), false) as late,
            case when a.next_at > slugline.now() then a.next_at end as paced_until,
            a.spacing_s,
            a.spacing_s > 0 and exists (select from slugline.delivery o join slugline.post q on q.id = o.post_id
              where o.account_id = a.id and o.id <> d.id and o.state = 'due' and o.next_at <= slugline.now()
                and q.state = 'approved' and coalesce(q.not_before <= slugline.now(), true)
                and (o.priority <> 'breaking', o.created_at, o.id) < (d.priority <> 'breaking', d.created_at, d.id)) as behind,
            l.id as link_id, l.code as link_code
       from slugline.delivery d
       join slugline.post p on p.id = d.post_id
       join slugline.article r on r.id = p.article_id
       join slugline.account a on a.id = d.account_id
       left join slugline.link l on l.id = p.link_id
       cross join slugline.newsroom n
      where d.id = $1`,
    [delivery.id, delivery.revision],
  );
  return rows[0];
}

export interface Begun {
  readonly epoch: number;
  readonly intent_at: Date;
  readonly idempotency: string;
  readonly attempts: number;
  /** The store's clock (ms since the epoch). */
  readonly now: number;
}

/** The store's clock as DeliveryKey.now has it. */
const NOW = "(extract(epoch from slugline.now()) * 1000)::float8 as now";

/** Commits the intent: from here on, only a look decides whether this is ever sent again. */
export async function begin(
  db: Db,
  it: { id: string; hash: string; linkCode: string | null; leaseMs: number },
): Promise<Begun | undefined> {
  const { rows } = await db.query<Begun>(
    `update slugline.delivery set state = 'sending', epoch = epoch + 1, attempts = attempts + 1,
            idempotency = coalesce(idempotency, id::text), intent_at = coalesce(intent_at, slugline.now()),
            intent_hash = $2, link_code = $3, lease_until = slugline.now() + make_interval(secs => $4 / 1000.0), why = null
      where id = $1 and state = 'due' returning epoch, intent_at, idempotency, attempts, ${NOW}`,
    [it.id, it.hash, it.linkCode, it.leaseMs],
  );
  return rows[0];
}

/** Takes the lease of a delivery whose outcome is unknown, to look for it. Undefined when somebody else holds it. */
export async function takeLook(db: Db, id: string, leaseMs: number): Promise<Pick<Begun, "epoch" | "now"> | undefined> {
  const { rows } = await db.query<Pick<Begun, "epoch" | "now">>(
    `update slugline.delivery set epoch = epoch + 1, lease_until = slugline.now() + make_interval(secs => $2 / 1000.0)
      where id = $1 and state = 'unknown' and next_at <= slugline.now() and coalesce(lease_until <= slugline.now(), true)
      returning epoch, ${NOW}`,
    [id, leaseMs],
  );
  return rows[0];
}

export async function openAttempt(db: Db, it: { deliveryId: string; epoch: number; kind: "send" | "look" }): Promise<string> {
  const id = newId();
  await db.query("insert into slugline.attempt (id, delivery_id, epoch, kind) values ($1, $2, $3, $4)", [
    id,
    it.deliveryId,
    it.epoch,
    it.kind,
  ]);
  return id;
}

export async function closeAttempt(db: Db, id: string, outcome: string, why: string | null): Promise<void> {
  await db.query("update slugline.attempt set ended_at = slugline.now(), outcome = $2, why = $3 where id = $1", [
    id,
    outcome,
    why,
  ]);
}

export interface Settling {
  readonly why: string | null;
  /** Milliseconds from now until something is to be done about it. */
  readonly inMs?: number;
  readonly remoteId?: string;
  readonly remoteUrl?: string | null;
  readonly assumed?: "person" | "rule";
  readonly misses?: number;
}

/** Moves a delivery; the caller holds its lock and has asked `nextDelivery`. Gives back its lease. */
export async function settle(db: Db, id: string, state: DeliveryState, it: Settling): Promise<void> {
  await db.query(
    `update slugline.delivery set state = $2, why = $3, lease_until = null,
            next_at = slugline.now() + make_interval(secs => $4 / 1000.0),
            remote_id = coalesce($5, remote_id), remote_url = coalesce($6, remote_url), assumed = coalesce($7, assumed),
            posted_at = case when $2 = 'posted' then slugline.now() else posted_at end,
            unknown_at = case when $2 = 'unknown' then coalesce(unknown_at, slugline.now()) when $2 = 'due' then null else unknown_at end,
            misses = coalesce($8, case when $2 = 'unknown' then misses else 0 end)
      where id = $1`,
    [id, state, it.why, it.inMs ?? 0, it.remoteId ?? null, it.remoteUrl ?? null, it.assumed ?? null, it.misses ?? null],
  );
}

/** Nothing of this account starts sending for a while: spacing, a limit, or its server's trouble. */
export async function pace(db: Db, accountId: string, inMs: number): Promise<void> {
  await db.query(
    "update slugline.account set next_at = greatest(next_at, slugline.now() + make_interval(secs => $2 / 1000.0)) where id = $1",
    [accountId, inMs],
  );
}

/** Remote ids that other deliveries of the account own: never a match for this one. */
export async function ownedIds(db: Db, accountId: string, deliveryId: string): Promise<Set<string>> {
  const { rows } = await db.query<{ remote_id: string }>(
    `select remote_id from slugline.delivery
      where account_id = $1 and id <> $2 and remote_id is not null and posted_at > slugline.now() - interval '40 days'`,
    [accountId, deliveryId],
  );
  return new Set(rows.map((row) => row.remote_id));
}

/**
 * Posts whose delivery has something to be done now: approved and not opened, due and free to go, unknown and to be
 * looked for, sending under a lapsed lease, or whose approval is void. Breaking news first, then the oldest.
 */
export async function dueDeliveries(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from (
       select p.id, p.priority, p.updated_at as since from slugline.post p
        where p.state = 'approved' and not exists (select from slugline.delivery d where d.post_id = p.id and d.state <> 'cancelled')
       union all
       select d.post_id, d.priority, d.created_at from slugline.delivery d
         join slugline.account a on a.id = d.account_id cross join slugline.newsroom n
        where d.state = 'due' and d.next_at <= slugline.now() and a.next_at <= slugline.now() and a.state = 'active' and n.paused_at is null
       union all
       select d.post_id, d.priority, d.created_at from slugline.delivery d
        where d.state in ('unknown', 'stale') and d.next_at <= slugline.now() and coalesce(d.lease_until <= slugline.now(), true)
       union all
       select d.post_id, d.priority, d.created_at from slugline.delivery d
        where d.state = 'sending' and d.lease_until <= slugline.now()
       union all
       select d.post_id, d.priority, d.created_at from slugline.delivery d join slugline.post p on p.id = d.post_id
        where d.state in ('due', 'refused', 'locked-out') and (p.state <> 'approved' or p.revision <> d.revision)
       union all
       select d.post_id, d.priority, d.created_at from slugline.delivery d join slugline.account a on a.id = d.account_id
        where d.state = 'locked-out' and a.state = 'active'
     ) due order by (priority = 'breaking') desc, since limit $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}
