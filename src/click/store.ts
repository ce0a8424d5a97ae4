import type { Db } from "../store/db.ts";
import type { VisitClass } from "./visit.ts";

/** How many visits of one kind a link had in one hour. */
export interface HourCount {
  readonly link: number;
  /** Beginning of the hour, ms since the epoch. */
  readonly hour: number;
  readonly visit: VisitClass;
  readonly count: number;
}

/** How far (bytes) each of these segments is counted; a segment nobody has counted yet is not in it. */
export async function shippedOf(db: Db, segments: readonly string[]): Promise<Map<string, { bytes: number; done: boolean }>> {
  const { rows } = await db.query<{ segment: string; bytes: string; done: boolean }>(
    "select segment, bytes, done from slugline.shipped where segment = any($1)",
    [segments],
  );
  return new Map(rows.map(({ segment, bytes, done }) => [segment, { bytes: Number(bytes), done }]));
}

/**
 * Moves a segment's place on, if it still is where the caller read from. False: somebody else has counted these records,
 * and the caller's counts must not be written. Its row lock makes two shippers take turns.
 *
 * @param from null when nobody had counted any of it
 */
export async function moveShipped(
  db: Db,
  it: { segment: string; from: number | null; to: number; done: boolean },
): Promise<boolean> {
  const { rowCount } =
    it.from === null
      ? await db.query("insert into slugline.shipped (segment, bytes, done) values ($1, $2, $3) on conflict do nothing", [
          it.segment,
          it.to,
          it.done,
        ])
      : await db.query(
          "update slugline.shipped set bytes = $3, done = $4, at = slugline.now() where segment = $1 and bytes = $2 and not done",
          [it.segment, it.from, it.to, it.done],
        );
  return rowCount === 1;
}

/** Adds to the hours' counts, always in the same order, so that two shippers never wait for each other in a ring. */
export async function addCounts(db: Db, counts: readonly HourCount[]): Promise<void> {
  if (counts.length === 0) return;
  const ordered = counts.toSorted((a, b) => a.link - b.link || a.hour - b.hour || (a.visit < b.visit ? -1 : 1));
  await db.query(
    `insert into slugline.click_hour as c (link_number, hour, class, count)
     select link, to_timestamp(hour / 1000.0), class, count
     from unnest($1::integer[], $2::float8[], $3::text[], $4::integer[]) as n (link, hour, class, count)
     on conflict (link_number, hour, class) do update set count = c.count + excluded.count`,
    [ordered.map((it) => it.link), ordered.map((it) => it.hour), ordered.map((it) => it.visit), ordered.map((it) => it.count)],
  );
}

/** Forgets segments that were finished a month ago and lie here no more. A month: no stopped shipper sleeps that long. */
export async function forgetShipped(db: Db, stillHere: readonly string[]): Promise<void> {
  await db.query("delete from slugline.shipped where done and at < slugline.now() - interval '30 days' and segment <> all($1)", [
    stillHere,
  ]);
}
