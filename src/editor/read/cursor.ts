import { isId } from "../../lib/id.ts";

/** Where a list goes on: after this moment and, within it, this id. Lists run from new to old. */
export interface Cursor {
  readonly at: string;
  readonly id: string;
}

export interface Page<Row> {
  readonly items: readonly Row[];
  /** What to ask with for the rows after these; null at the end. */
  readonly next: string | null;
}

/** How many rows a list shows at once. */
export const PAGE = 50;

/** A cursor from an address; undefined for none, or for one that was tampered with. */
export function readCursor(text: string | undefined): Cursor | undefined {
  const [micros = "", id = ""] = (text ?? "").split("_");
  if (!/^\d{1,17}$/.test(micros) || !isId(id)) return undefined;
  return { at: micros, id };
}

/** SQL for a column's moment as a cursor holds it: microseconds since the epoch, so that nothing is rounded away. */
export const micros = (column: string): string => `(extract(epoch from ${column}) * 1000000)::bigint::text as cursor_at`;

/** SQL that keeps the rows after a cursor given as parameters `$n` (micros) and `$n+1` (id); all where it is null. */
export const after = (column: string, id: string, n: number): string =>
  `($${n}::bigint is null or (${column}, ${id}) < ('epoch'::timestamptz + $${n}::bigint * interval '1 microsecond', $${n + 1}::uuid))`;

/** Rows asked for as PAGE + 1, cut to a page. */
export function pageOf<Row extends { id: string; cursor_at: string }>(rows: readonly Row[]): Page<Row> {
  const items = rows.slice(0, PAGE);
  const last = items.at(-1);
  return { items, next: rows.length > PAGE && last ? `${last.cursor_at}_${last.id}` : null };
}
