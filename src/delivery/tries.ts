import { newId } from "../lib/id.ts";
import type { Db } from "../store/db.ts";
import { given } from "../store/given.ts";
import { TELL } from "../store/history.ts";
import { ENGAGED } from "./brake-store.ts";
import { COLUMNS, type DeliveryRow } from "./store.ts";

export interface Beginning {
  readonly id: string;
  readonly key: string;
  readonly hash: string;
  readonly linkCode: string | null;
  readonly rehearsal: boolean;
}

export interface Begun {
  readonly id: string;
  readonly epoch: number;
  readonly intent_at: Date;
  readonly idempotency: string;
  readonly attempts: number;
  /** The id of the attempt. */
  readonly attempt: string;
  /** The store's clock (ms since the epoch). */
  readonly now: number;
}

/** The store's clock as DeliveryKey.now has it. */
const NOW = "(extract(epoch from slugline.now()) * 1000)::float8 as now";

/** Writes down intents and opens their attempts: once committed, only a look decides whether one is ever sent again. */
export async function begin(db: Db, all: readonly Beginning[], leaseMs: number): Promise<ReadonlyMap<string, Begun>> {
  const { rows } = await db.query<Begun>(
    `with given as materialized ${given("$1", 'id uuid, key text, hash text, "linkCode" text, rehearsal boolean, attempt uuid')},
     begun as (
       update slugline.delivery d set state = 'sending', epoch = d.epoch + 1, attempts = d.attempts + 1,
            idempotency = coalesce(d.idempotency, g.key), intent_at = coalesce(d.intent_at, slugline.now()),
            intent_hash = g.hash, link_code = g."linkCode", rehearsal = g.rehearsal, begun_at = slugline.now(), why = null,
            lease_until = slugline.now() + make_interval(secs => $2 / 1000.0)
         from given g where d.id = g.id and d.state = 'due'
       returning d.id, d.epoch, d.intent_at, d.idempotency, d.attempts, g.attempt, ${NOW}
     ), opened as (insert into slugline.attempt (id, delivery_id, epoch, kind) select attempt, id, epoch, 'send' from begun)
     select * from begun`,
    [JSON.stringify(all.map((one) => ({ ...one, attempt: newId() }))), leaseMs],
    "begin",
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** A look's lease, and how long the outcome was unknown when the look began: what it shows may be as old as that. */
export interface LookTaken extends Pick<Begun, "epoch" | "now"> {
  readonly since_ms: number;
}

/** Takes the lease of a delivery whose outcome is unknown, to look for it. Undefined when somebody else holds it. */
export async function takeLook(db: Db, id: string, leaseMs: number): Promise<LookTaken | undefined> {
  const { rows } = await db.query<LookTaken>(
    `update slugline.delivery set epoch = epoch + 1, lease_until = slugline.now() + make_interval(secs => $2 / 1000.0)
      where id = $1 and state = 'unknown' and next_at <= slugline.now() and coalesce(lease_until <= slugline.now(), true)
      returning epoch, coalesce((extract(epoch from slugline.now() - unknown_at) * 1000)::float8, 0) as since_ms, ${NOW}`,
    [id, leaseMs],
  );
  return rows[0];
}

/** Opens the attempt of a look. */
export async function openLook(db: Db, deliveryId: string, epoch: number): Promise<string> {
  const id = newId();
  await db.query("insert into slugline.attempt (id, delivery_id, epoch, kind) values ($1, $2, $3, 'look')", [
    id,
    deliveryId,
    epoch,
  ]);
  return id;
}

const CLOSE = "update slugline.attempt set ended_at = slugline.now(), outcome = $2, why = $3 where id = $1";

export async function closeAttempt(db: Db, id: string, outcome: string, why: string | null): Promise<void> {
  await db.query(CLOSE, [id, outcome, why]);
}

/** A try that came to something: its delivery, and the attempt. */
export interface Tried {
  readonly id: string;
  readonly attempt: string;
}

/** Closes a try's attempt, and locks its delivery. */
export async function lockTried(
  db: Db,
  { id, attempt }: Tried,
  outcome: string,
  why: string | null,
): Promise<DeliveryRow | undefined> {
  const { rows } = await db.query<DeliveryRow>(
    `with closed as (${CLOSE}) select ${COLUMNS} from slugline.delivery d where d.id = $4 for no key update of d`,
    [attempt, outcome, why, id],
    "lock-tried",
  );
  return rows[0];
}

/** A post that stands, and under which scopes its requests fell. */
export interface Standing extends Tried {
  readonly epoch: number;
  readonly remoteId: string;
  readonly remoteUrl: string | null;
  readonly remoteRef: string | null;
  readonly scopes: readonly string[];
}

/**
 * Writes down that posts stand, with their lines in the history, and answers those of which that was all there was to say: the
 * try still has its lease, no brake of theirs is engaged, nothing answers them, nobody looks for them, no other delivery has
 * that post, and nobody else has them locked.
 */
export async function settlePosted(db: Db, all: readonly Standing[]): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ id: string }>(
    `with given as materialized ${given("$1", 'id uuid, attempt uuid, epoch integer, event uuid, "remoteId" text, "remoteUrl" text, "remoteRef" text, scopes text[]')},
     delivery as materialized (
       select g.*, d.post_id, d.account_id from given g join slugline.delivery d on d.id = g.id
         join slugline.post p on p.id = d.post_id join slugline.account a on a.id = d.account_id
        where d.state = 'sending' and d.epoch = g.epoch and d.sought is null
          and not exists (select from slugline.brake where scope = any(g.scopes) and ${ENGAGED})
          and not exists (select from slugline.post q where q.reply_to_id = d.post_id)
          and not exists (select from slugline.delivery o where o.account_id = d.account_id and o.remote_id = g."remoteId" and o.id <> d.id)
          -- Its line in the history refers to post and account: who has those locked is not waited for either.
          for no key update of d skip locked for key share of p, a skip locked
     ), closed as (
       update slugline.attempt t set ended_at = slugline.now(), outcome = 'posted', why = null from delivery where t.id = delivery.attempt
     ), told as (
       ${TELL} select event, 'delivery-posted', account_id, post_id, id,
              jsonb_strip_nulls(jsonb_build_object('from', 'sending', 'url', nullif("remoteUrl", ''))) from delivery
     )
     update slugline.delivery d set state = 'posted', why = null, lease_until = null, next_at = slugline.now(), posted_at = slugline.now(),
            misses = 0, remote_id = g."remoteId", remote_url = coalesce(g."remoteUrl", d.remote_url), remote_ref = coalesce(g."remoteRef", d.remote_ref)
       from delivery g where d.id = g.id returning d.id`,
    [JSON.stringify(all.map((one) => ({ ...one, event: newId() })))],
    "settle-posted",
  );
  return new Set(rows.map(({ id }) => id));
}
