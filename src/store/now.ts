import type { Db } from "./db.ts";

/** The store's clock, in milliseconds since the epoch. */
export async function storeNow(db: Db): Promise<number> {
  const { rows } = await db.query<{ now: number }>("select (extract(epoch from slugline.now()) * 1000)::float8 as now");
  return rows[0]!.now;
}
