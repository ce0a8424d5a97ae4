import { z } from "zod";
import { isId } from "../lib/id.ts";
import { seenAccounts, type Rights } from "../newsroom/person.ts";
import type { Db } from "../store/db.ts";

const ORDERS = ["newest", "changes"] as const;

/** What every list may be asked. */
export const listQuery = {
  order: z
    .enum(ORDERS)
    .default("newest")
    .describe(
      "`newest`: by age, ends with next: null. `changes`: by last change, the oldest first, never ends: keep `next` and poll with it.",
    ),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z
    .string()
    .refine((text) => readCursor(text) !== undefined, { error: "is none of ours: give back `next` as it was." })
    .optional(),
};

export interface ListQuery {
  readonly order: (typeof ORDERS)[number];
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface Cursor {
  readonly order: (typeof ORDERS)[number];
  readonly changed: string;
  readonly id: string;
}

const NOBODY = "00000000-0000-0000-0000-000000000000";

function readCursor(text: string): Cursor | undefined {
  const [letter, changed = "", id = ""] = text.split("_");
  const order = ORDERS.find((one) => one[0] === letter);
  return order && /^\d{1,17}$/.test(changed) && isId(id) ? { order, changed, id } : undefined;
}

/** What a list is made of: SQL of ours; values from outside only as parameters. */
export interface ListOf {
  readonly columns: string;
  readonly from: string;
  /** The alias of the table whose rows are listed. */
  readonly row: string;
  readonly where: readonly Condition[];
}

/** SQL with `?` where its values belong. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

export const where = (sql: string, ...values: readonly unknown[]): Condition => ({ sql, values });

/** Rows of one account or source, by its name: looked up first, so that the plan knows how many to expect. */
export async function named(db: Db, table: "account" | "source", column: string, name: string): Promise<Condition> {
  const { rows } = await db.query<{ id: string }>(`select id from slugline.${table} where name = $1`, [name]);
  return where(`${column} = ?`, rows[0]?.id ?? NOBODY);
}

/** Rows of the accounts that these rights show. */
export function seen(rights: Rights, column: string): Condition {
  const { only, except } = seenAccounts(rights);
  return where(`((?::uuid[] is null or ${column} = any(?::uuid[])) and ${column} <> all(?::uuid[]))`, only, only, except);
}

/** Links, but those of posts of accounts that these rights do not show. */
export function seenLinks(rights: Rights): Condition {
  const { sql, values } = seen(rights, "p.account_id");
  return where(`(p.id is null or ${sql})`, ...values);
}

/**
 * A page of a list. `newest` goes down by id, which never changes. `changes` goes up by the number of the transaction
 * that last wrote the row, and stops before the oldest one that still runs: a row can only come later, at the end, so
 * that whoever keeps `next` and asks again misses none (it may see one twice).
 */
export async function listed<Row extends { id: string; changed: number }>(
  db: Db,
  list: ListOf,
  query: ListQuery,
): Promise<{ items: Row[]; next: string | null }> {
  const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor);
  // A cursor goes on in the order it came from.
  const going = { changes: (cursor?.order ?? query.order) === "changes", limit: query.limit };
  const conditions = [...list.where, ...(going.changes ? settled(list.row, cursor) : below(list.row, cursor))];
  const { sql, values } = allOf(...conditions);
  const { rows } = await db.query<Row>(
    `select ${list.columns}, ${list.row}.changed from ${list.from} where ${sql}
      order by ${going.changes ? `${list.row}.changed, ${list.row}.id` : `${list.row}.id desc`} limit ${going.limit + 1}`,
    values,
  );
  const items = rows.slice(0, going.limit);
  const last = items.at(-1);
  if (going.changes) return { items, next: last ? `c_${last.changed}_${last.id}` : (query.cursor ?? `c_0_${NOBODY}`) };
  return { items, next: rows.length > going.limit && last ? `n_0_${last.id}` : null };
}

function settled(row: string, cursor: Cursor | undefined): Condition[] {
  // The horizon is read in the statement's own snapshot: whatever lies before it is in that snapshot.
  const horizon = where(`${row}.changed < (select slugline.change_horizon())`);
  return cursor ? [horizon, where(`(${row}.changed, ${row}.id) > (?::bigint, ?::uuid)`, cursor.changed, cursor.id)] : [horizon];
}

function below(row: string, cursor: Cursor | undefined): Condition[] {
  return cursor ? [where(`${row}.id < ?::uuid`, cursor.id)] : [];
}

/** Conditions that must all hold, with their values numbered. */
export function allOf(...conditions: readonly Condition[]): { sql: string; values: unknown[] } {
  const values: unknown[] = [];
  const parts = conditions.map(({ sql, values: own }) => {
    let at = 0;
    return sql.replace(/\?/g, () => {
      values.push(own[at++] ?? null);
      return `$${values.length}`;
    });
  });
  return { sql: parts.length === 0 ? "true" : parts.join(" and "), values };
}

/** After a restore into another Postgres the order of changes goes on where it was. */
export async function keepOrder(db: Db): Promise<void> {
  await db.query("select slugline.keep_change_order()");
}
