import { newId } from "../lib/id.ts";
import type { Money } from "../lib/money.ts";
import type { Db } from "../store/db.ts";
import type { Rest, Used, Windows } from "./allowance.ts";
import type { DeliveryRow } from "./store.ts";

/** Whose use is asked, since when, in which money. */
export interface UseAsked {
  readonly accountId: string;
  readonly windows: Windows;
  readonly currency: string | null;
  readonly rehearsal: boolean;
}

/**
 * What accounts have used, in the order asked. To decide by it, hold the account's lock and ask in a statement of its own:
 * one that waited for the lock would still see the rows as they were before.
 */
export async function usesOf(db: Db, asked: readonly UseAsked[]): Promise<Used[]> {
  const { rows } = await db.query<{
    hour: number;
    hour_first: Date | null;
    day: number;
    day_all: string;
    day_normal: string;
    month_all: string;
    month_normal: string;
  }>(
    `select h.n as hour, h.first as hour_first, d.n as day, s.day_all, s.day_normal, s.month_all, s.month_normal
       from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::boolean[]) with ordinality
            as a (id, hour, day, month, currency, rehearsal, nth)
       cross join lateral (select count(*)::int as n, min(begun_at) as first from slugline.delivery
         where account_id = a.id and begun_at > a.hour and ${COUNTS}) h
       cross join lateral (select count(*)::int as n from slugline.delivery
         where account_id = a.id and begun_at >= a.day and ${COUNTS}) d
       cross join lateral (select coalesce(sum(micros) filter (where at >= a.day), 0) as day_all,
           coalesce(sum(micros) filter (where at >= a.day and not breaking), 0) as day_normal,
           coalesce(sum(micros), 0) as month_all, coalesce(sum(micros) filter (where not breaking), 0) as month_normal
         from slugline.spend where account_id = a.id and at >= a.month and state <> 'released' and currency = a.currency
          and rehearsal = a.rehearsal) s
      order by a.nth`,
    [
      asked.map(({ accountId }) => accountId),
      asked.map(({ windows }) => windows.hour),
      asked.map(({ windows }) => windows.day),
      asked.map(({ windows }) => windows.month),
      asked.map(({ currency }) => currency),
      asked.map(({ rehearsal }) => rehearsal),
    ],
  );
  return rows.map((row) => ({
    hour: row.hour,
    hourFirst: row.hour_first,
    day: row.day,
    spentDay: { all: Number(row.day_all), normal: Number(row.day_normal) },
    spentMonth: { all: Number(row.month_all), normal: Number(row.month_normal) },
  }));
}

/** Deliveries that are there, or may be. */
const COUNTS = "state in ('sending', 'unknown', 'asked', 'posted')";

/** Sets money aside for a delivery whose intent is being committed; what becomes of it the schema sees to (delivery_paid). */
export async function reserve(
  db: Db,
  it: {
    readonly accountId: string;
    readonly deliveryId: string;
    readonly price: Money;
    readonly breaking: boolean;
    readonly rehearsal: boolean;
  },
): Promise<void> {
  await db.query(
    `insert into slugline.spend (id, account_id, delivery_id, kind, state, micros, currency, breaking, rehearsal)
     values ($1, $2, $3, 'post', 'reserved', $4, $5, $6, $7)`,
    [newId(), it.accountId, it.deliveryId, it.price.micros, it.price.currency, it.breaking, it.rehearsal],
  );
}

/** What a look has cost: it is spent already, and is in no budget's way, since what is lost must be looked for. */
export async function payForLook(
  db: Db,
  { id, account_id, priority }: Pick<DeliveryRow, "id" | "account_id" | "priority">,
  { micros, currency }: Money,
): Promise<void> {
  await db.query(
    `insert into slugline.spend (id, account_id, delivery_id, kind, state, micros, currency, breaking, rehearsal, settled_at)
     values ($1, $2, $3, 'read', 'settled', $4, $5, $6, false, slugline.now())`,
    [newId(), account_id, id, micros, currency, priority === "breaking"],
  );
}

/**
 * Nothing ordinary of this account begins before then. What waits for that waits for its network no longer: how long it did
 * is forgotten, or a person would be asked about it.
 */
export async function restAccount(db: Db, accountId: string, { why, until }: Rest): Promise<void> {
  await db.query(
    `update slugline.delivery set held_at = null, held_by = null
      where account_id = $1 and state = 'due' and priority <> 'breaking' and held_at is not null`,
    [accountId],
  );
  await db.query("update slugline.account set rests_until = $2, rests_why = $3 where id = $1", [accountId, until, why]);
}

/** The same for the account's own spacing, from now on. */
export async function keepSpacing(db: Db, accountId: string, spacingS: number): Promise<void> {
  await db.query(
    "update slugline.account set rests_until = slugline.now() + make_interval(secs => $2), rests_why = 'spacing' where id = $1",
    [accountId, spacingS],
  );
}
