import pg from "pg";
import type { Db } from "../db.ts";

/**
 * What no backup has: who is signed in, here or on the way at a network, and the links that sign people in (what was ended since would open again), bells
 * (the sweeper rings whatever is due), the tests' clock, and the list of migrations, which stands in the backup's head.
 */
export const LEFT_OUT: readonly string[] = [
  "session",
  "half_session",
  "sign_in_link",
  "sign_in_failure",
  "connect_attempt",
  "outbox",
  "clock",
  "migration",
];

export interface Table {
  readonly name: string;
  /** Those that are written; generated ones make themselves. */
  readonly columns: readonly string[];
}

/** The schema's tables, each after those that its rows refer to. */
export async function tablesOf(db: Db): Promise<Table[]> {
  const { rows: tables } = await db.query<Table & { name: string }>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      where c.relnamespace = to_regnamespace('slugline') and c.relkind = 'r' and c.relname <> all($1)
      group by c.relname order by c.relname`,
    [LEFT_OUT],
  );
  const { rows: needs } = await db.query<{ name: string; other: string }>(
    `select t.relname as name, o.relname as other from pg_constraint k join pg_class t on t.oid = k.conrelid
       join pg_class o on o.oid = k.confrelid
      where k.contype = 'f' and k.connamespace = to_regnamespace('slugline') and t.oid <> o.oid`,
  );
  const ordered: Table[] = [];
  let left = tables;
  while (left.length > 0) {
    const waiting = new Set(left.map(({ name }) => name));
    const free = left.filter(({ name }) => !needs.some((need) => need.name === name && waiting.has(need.other)));
    if (free.length === 0) throw new Error(`tables that refer to each other in a ring: ${[...waiting].join(", ")}`);
    ordered.push(...free);
    left = left.filter((table) => !free.includes(table));
  }
  return ordered;
}

/** The identity columns of the schema and how far they have counted. */
export async function sequencesOf(db: Db): Promise<Record<string, number>> {
  const { rows } = await db.query<{ name: string; column: string }>(
    `select c.relname as name, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attidentity <> ''
      where c.relnamespace = to_regnamespace('slugline') order by 1, 2`,
  );
  const found: Record<string, number> = {};
  for (const { name, column } of rows) {
    const { rows: at } = await db.query<{ last: number }>(
      `select coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0)::float8 as last`,
      [`slugline.${name}`, column],
    );
    found[`${name}.${column}`] = at[0]?.last ?? 0;
  }
  return found;
}

/** A table by its name alone. */
export const bare = ({ name }: Pick<Table, "name">): string => `slugline.${pg.escapeIdentifier(name)}`;

/** A table as COPY names it. */
export function copied({ name, columns }: Table): string {
  return `${bare({ name })} (${columns.map((one) => pg.escapeIdentifier(one)).join(", ")})`;
}
