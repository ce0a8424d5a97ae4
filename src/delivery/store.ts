import { newId } from "../lib/id.ts";
import { BEGINNING } from "../newsroom/store.ts";
import type { Db } from "../store/db.ts";
import { given } from "../store/given.ts";
import { HELD_TOO_LONG_MS, type DeliveryState } from "./delivery.ts";

/** How long what has no end of its own waits for its network or account before a person is asked, in SQL. */
export const TOO_LONG = `make_interval(secs => ${HELD_TOO_LONG_MS / 1000})`;

export interface DeliveryRow {
  readonly id: string;
  readonly post_id: string;
  readonly revision: number;
  readonly account_id: string;
  readonly state: DeliveryState;
  readonly priority: "normal" | "breaking";
  readonly idempotency: string | null;
  readonly intent_at: Date | null;
  readonly link_code: string | null;
  readonly epoch: number;
  readonly attempts: number;
  readonly misses: number;
  /** How long its outcome has been unknown, in milliseconds; also while it is due again under a key that the network knows. */
  readonly unknown_ms: number | null;
  readonly not_after: Date | null;
  readonly remote_id: string | null;
  readonly why: string | null;
  /** Looked for after a restore (`hold.ts`): it, or whatever was sent of its post. */
  readonly sought: "it" | "any" | null;
  /** Where its last try went; null where that is not known. */
  readonly rehearsal: boolean | null;
  /** Whether its moment (`next_at`) has come. */
  readonly ready: boolean;
  /** Whether nobody holds a lease on it any more. */
  readonly free: boolean;
}

export const COLUMNS = `d.id, d.post_id, d.revision, d.account_id, d.state, d.priority, d.idempotency, d.intent_at, d.link_code, d.epoch,
  d.attempts, d.misses, (extract(epoch from slugline.now() - d.unknown_at) * 1000)::float8 as unknown_ms, d.not_after, d.remote_id, d.why, d.sought, d.rehearsal, d.next_at <= slugline.now() as ready,
  coalesce(d.lease_until <= slugline.now(), true) as free`;

/** The one delivery of a post that is not cancelled. */
export async function deliveryOf(db: Db, postId: string): Promise<DeliveryRow | undefined> {
  const { rows } = await db.query<DeliveryRow>(
    `select ${COLUMNS} from slugline.delivery d where d.post_id = $1 and d.state <> 'cancelled'`,
    [postId],
    "delivery-of",
  );
  return rows[0];
}

/** Clocks of ours and of a network's may stand apart by so much where a driver cannot tell (SQL interval). */
export const EARLIER = "interval '1 minute'";

/** What a new delivery is, for an insert from a post `p` with its link `l`: due, or to be looked for first (`hold.ts`). */
export const OPENED = {
  columns: "post_id, revision, account_id, priority, not_after, state, sought, why, unknown_at, intent_at, link_code",
  values: `p.id, p.revision, p.account_id, p.priority, p.not_after,
    case when p.sought_since is null then 'due' else 'unknown' end,
    case when p.sought_since is not null then 'any' end, case when p.sought_since is not null then 'restored' end,
    case when p.sought_since is not null then slugline.now() end, p.sought_since - ${EARLIER},
    case when p.sought_since is not null then l.code end`,
};

/**
 * The one delivery of each post that is not cancelled; an approved post that has none gets it here. What a crash of Postgres
 * loses of that is opened again: nobody waits for the disk.
 *
 * @param those "all": waits for whoever has a post or its account locked; "unlocked": leaves those out
 */
export async function takeUp(
  db: Db,
  postIds: readonly string[],
  those: "all" | "unlocked" = "all",
): Promise<(DeliveryRow | undefined)[]> {
  const skip = those === "unlocked" ? "skip locked" : "";
  const { rows } = await db.query<DeliveryRow>(
    `with asked as materialized ${given("$1", "post uuid, delivery uuid")},
     unopened as materialized (
       select asked.delivery, asked.post from asked join slugline.post p on p.id = asked.post join slugline.account a on a.id = p.account_id
        where p.state = 'approved'
          and not exists (select from slugline.delivery e where e.post_id = p.id and e.state <> 'cancelled')
          for key share of p, a ${skip}),
     opened as (
       insert into slugline.delivery as d (id, ${OPENED.columns})
       select unopened.delivery, ${OPENED.values} from unopened join slugline.post p on p.id = unopened.post
         left join slugline.link l on l.id = p.link_id
        where p.state = 'approved' order by p.id
       on conflict (post_id) where state <> 'cancelled' do nothing
       returning ${COLUMNS})
     select opened.* from opened, set_config('synchronous_commit', 'off', true)
     union all select ${COLUMNS} from asked join slugline.delivery d on d.post_id = asked.post where d.state <> 'cancelled'`,
    [JSON.stringify(postIds.map((post) => ({ post, delivery: newId() })))],
    `take-up-${those}`,
  );
  const byPost = new Map(rows.map((row) => [row.post_id, row]));
  return postIds.map((id) => byPost.get(id));
}

/** A delivery, locked until the transaction ends. */
export async function lockDelivery(db: Db, id: string): Promise<DeliveryRow | undefined> {
  const { rows } = await db.query<DeliveryRow>(
    `select ${COLUMNS} from slugline.delivery d where d.id = $1 for no key update of d`,
    [id],
    "lock-delivery",
  );
  return rows[0];
}

/** Locks posts and their deliveries, in the order in which everybody does: post, delivery, account. */
const locked = (skip: string) => `asked as materialized ${given("$1", "id uuid, post uuid")},
  post as materialized (select p.id, asked.id as delivery from asked join slugline.post p on p.id = asked.post for no key update of p ${skip}),
  delivery as materialized (select ${COLUMNS} from post join slugline.delivery d on d.id = post.delivery for no key update of d ${skip})`;

interface Named {
  readonly id: string;
  readonly post_id: string;
}

/** Locks a post and its delivery. */
export async function lockBoth(db: Db, it: Named): Promise<DeliveryRow | undefined> {
  const { rows } = await db.query<DeliveryRow>(`with ${locked("")} select * from delivery`, namesOf([it]), "lock-both");
  return rows[0];
}

/**
 * The same, and the account, so that two deliveries of one account never begin at once; says to the stop switch that
 * somebody is about to begin. What is decided by it is read by a later statement; those of this transaction keep the plans they
 * have: Postgres takes some ten times as long to plan the gate as to read it, and would each time.
 *
 * @param those "all": waits for whoever has them locked, and is asked for one; "unlocked": leaves those out
 */
export async function lockToBegin(db: Db, all: readonly Named[], those: "all" | "unlocked"): Promise<DeliveryRow[]> {
  const skip = those === "unlocked" ? "skip locked" : "";
  const { rows } = await db.query<DeliveryRow>(
    `with ${locked(skip)},
       account as materialized (
         select a.id, ${BEGINNING} from slugline.account a where a.id in (select account_id from delivery) for no key update of a ${skip})
     select delivery.* from delivery join account on account.id = delivery.account_id,
       set_config('plan_cache_mode', 'force_generic_plan', true)`,
    namesOf(all),
    `lock-to-begin-${those}`,
  );
  return rows;
}

const namesOf = (all: readonly Named[]) => [JSON.stringify(all.map(({ id, post_id: post }) => ({ id, post })))];

/** A due delivery waits for a brake or a lock-out: since when, is kept until it waits for something else, or a person says so. */
export async function hold(db: Db, id: string, scope: string, why: string): Promise<void> {
  await db.query(
    `update slugline.delivery set held_at = coalesce(held_at, slugline.now()), held_by = $2, why = $3
      where id = $1 and state = 'due' and (held_by, why) is distinct from ($2, $3)`,
    [id, scope, why],
  );
}

/** What an account's requests fall under, where it was not known. */
export async function keepScopes(db: Db, accountId: string, scopes: readonly string[]): Promise<void> {
  await db.query("update slugline.account set scopes = $2 where id = $1 and scopes is distinct from $2", [accountId, scopes]);
}

export interface Settling {
  readonly why: string | null;
  /** Milliseconds from now until something is to be done about it. */
  readonly inMs?: number;
  readonly remoteId?: string;
  readonly remoteUrl?: string | null;
  /** See Placed in networks/network.ts. */
  readonly remoteRef?: string | null;
  readonly assumed?: "person" | "rule";
  readonly misses?: number;
  /** Whoever says so looked: nothing of the tries so far is there. */
  readonly absent?: true;
}

/**
 * Moves a delivery; the caller holds its lock and has asked `nextDelivery`. Gives back its lease. What was held and now
 * waits for something else is not held any more; what finds its account locked out is, from now on.
 */
export async function settle(db: Db, id: string, state: DeliveryState, it: Settling): Promise<void> {
  await db.query(
    `update slugline.delivery set state = $2, why = $3, lease_until = null,
            next_at = slugline.now() + make_interval(secs => $4 / 1000.0),
            remote_id = coalesce($5, remote_id), remote_url = coalesce($6, remote_url), assumed = coalesce($7, assumed),
            posted_at = case when $2 = 'posted' then slugline.now() else posted_at end,
            unknown_at = case when $2 = 'unknown' then coalesce(unknown_at, slugline.now()) when $10 then null else unknown_at end,
            -- It was never sent under a key that is known: its intent begins anew.
            intent_at = case when $2 = 'due' and sought is not null and idempotency is null then null else intent_at end,
            sought = case when $2 in ('due', 'cancelled') then null else sought end,
            misses = coalesce($8, case when $2 = 'unknown' then misses else 0 end),
            held_by = case when $2 = 'due' and state = 'due' then null when $2 = 'locked-out' then 'account:' || account_id else held_by end,
            held_at = case when $2 = 'due' and state = 'due' then null when $2 = 'locked-out' then coalesce(held_at, slugline.now()) else held_at end,
            remote_ref = coalesce($9, remote_ref)
      where id = $1`,
    [
      id,
      state,
      it.why,
      it.inMs ?? 0,
      it.remoteId ?? null,
      it.remoteUrl ?? null,
      it.assumed ?? null,
      it.misses ?? null,
      it.remoteRef ?? null,
      it.absent ?? false,
    ],
    "settle",
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
