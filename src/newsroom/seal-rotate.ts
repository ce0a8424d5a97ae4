import { codeOf, Fault } from "../lib/fault.ts";
import type { Db, Store } from "../store/db.ts";
import { keyId, seal, unseal, type Keys } from "./seal.ts";

/** A column of sealed values. `row` is the SQL of what a value's row is known by, as it was sealed with it. */
interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

/** Everything that is sealed: whoever seals in another column names it here. */
const SEALED: readonly SealedColumn[] = [
  { table: "slugline.credential", column: "sealed", row: "account_id || ' ' || name || ' ' || pinned" },
  { table: "slugline.person", column: "totp_sealed", row: "id::text" },
  { table: "slugline.session", column: "totp_pending", row: "id::text" },
  { table: "slugline.connect_app", column: "sealed", row: "network || ' ' || server || ' ' || callback" },
  { table: "slugline.connect_attempt", column: "sealed", row: "id::text" },
];

export interface Rotated {
  /** The id of the key that everything is sealed under now. */
  readonly key: string;
  readonly resealed: number;
  /** What does not open with any of the keys, and why; it stays as it is. */
  readonly unreadable: readonly { readonly table: string; readonly row: string; readonly why: string }[];
}

/** Each batch is a transaction of its own, so that nobody who wants a secret waits longer than for one of them. */
const BATCH = 100;

/** The SQL of the id of the key that sealed a value (see `seal`). */
const idOf = (column: string) => `encode(substring(${column} from 2 for 8), 'hex')`;

/**
 * Seals anew, under the newest key, whatever another one sealed. Safe while others work: a row that changes meanwhile is
 * waited for, and what was sealed under the newest key is left alone.
 */
export async function rotate(store: Store, keys: Keys, batch: number = BATCH): Promise<Rotated> {
  const [newest] = keys();
  if (!newest) throw new Fault("KEY_MISSING", "There is no key to seal under. Set SLUGLINE_KEY.");
  let resealed = 0;
  const unreadable: { table: string; row: string; why: string }[] = [];
  for (const column of SEALED) {
    let after = "";
    for (let more = true; more;) {
      const done = await store.transaction((db) => resealBatch(db, column, { newest, keys: keys(), after, batch }));
      resealed += done.resealed;
      unreadable.push(...done.unreadable);
      after = done.last ?? after;
      more = done.last !== undefined;
    }
  }
  return { key: keyId(newest), resealed, unreadable };
}

/** How many values wait for a rotation: sealed, but not under the newest key. Where nothing is sealed, no key is asked for. */
export async function sealedUnderOthers(db: Db, keys: Keys): Promise<number> {
  const ids = SEALED.map(({ table, column }) => `select ${idOf(column)} as id from ${table} where ${column} is not null`);
  const { rows } = await db.query<{ id: string; values: number }>(
    `select id, count(*) as values from (${ids.join(" union all ")}) sealed group by id`,
  );
  if (rows.length === 0) return 0;
  const [newest] = keys();
  return rows.filter(({ id }) => !newest || id !== keyId(newest)).reduce((sum, { values }) => sum + values, 0);
}

/** The accounts that keep sealed secrets, each with the id of a key that sealed one. */
export async function sealedAccounts(db: Db): Promise<{ name: string; key: string }[]> {
  const { rows } = await db.query<{ name: string; key: string }>(
    `select distinct a.name, ${idOf("c.sealed")} as key from slugline.credential c join slugline.account a on a.id = c.account_id
      where a.state <> 'disabled' order by 1, 2`,
  );
  return rows;
}

async function resealBatch(
  db: Db,
  { table, column, row }: SealedColumn,
  it: { newest: Uint8Array; keys: readonly Uint8Array[]; after: string; batch: number },
) {
  const { rows } = await db.query<{ at: string; sealed: Buffer }>(
    `select ${row} as at, ${column} as sealed from ${table}
      where ${column} is not null and ${idOf(column)} <> $1 and ${row} > $2 order by ${row} limit $3 for update`,
    [keyId(it.newest), it.after, it.batch],
  );
  const unreadable: { table: string; row: string; why: string }[] = [];
  for (const { at, sealed } of rows) {
    const place = { table, row: at, column };
    try {
      const anew = seal(unseal(sealed, place, it.keys), place, it.newest);
      await db.query(`update ${table} set ${column} = $2 where ${row} = $1`, [at, anew]);
    } catch (error) {
      if (!(error instanceof Error) || !["SEAL_BROKEN", "SEAL_KEY_MISSING"].includes(codeOf(error) ?? "")) throw error;
      unreadable.push({ table, row: at, why: error.message });
    }
  }
  return { resealed: rows.length - unreadable.length, unreadable, last: rows.at(-1)?.at };
}
