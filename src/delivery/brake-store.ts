import type { Db } from "../store/db.ts";
import { RAMP_MS, type Brake } from "./brake.ts";

const ms = (column: string, as: string) => `(extract(epoch from ${column}) * 1000)::float8 as "${as}"`;

const COLUMNS = `scope, ${ms("posts_until", "postsUntil")}, ${ms("reads_until", "readsUntil")}, limit_why as "limitWhy", failures,
  ${ms("opened_at", "openedAt")}, ${ms("until", "until")}, trips, probe, ${ms("closed_at", "closedAt")}, failure_why as "failureWhy"`;

/** What of a brake keeps back, slows down or is on the way there. */
export const ENGAGED = `(failures > 0 or opened_at is not null or closed_at > slugline.now() - make_interval(secs => ${RAMP_MS / 1000})
  or posts_until > slugline.now() or reads_until > slugline.now())`;

/** Brakes of these scopes, locked until the transaction ends, in one order everywhere: those that are engaged, and those that are asked for. */
export async function lockBrakes(db: Db, scopes: readonly string[], also: readonly string[] = []): Promise<Brake[]> {
  if (also.length > 0)
    await db.query("insert into slugline.brake (scope) select unnest($1::text[]) order by 1 on conflict do nothing", [also]);
  const { rows } = await db.query<Brake>(
    `select ${COLUMNS} from slugline.brake where scope = any($1) and (${ENGAGED} or scope = any($2)) order by scope for update`,
    [scopes, also],
    "lock-brakes",
  );
  return rows;
}

export async function saveBrake(db: Db, it: Brake): Promise<void> {
  const moment = (at: number | null) => (at === null ? null : at / 1000);
  await db.query(
    `update slugline.brake set posts_until = to_timestamp($2), reads_until = to_timestamp($3), limit_why = $4, failures = $5,
            opened_at = to_timestamp($6), until = to_timestamp($7), trips = $8, probe = $9, closed_at = to_timestamp($10), failure_why = $11,
            updated_at = slugline.now()
      where scope = $1`,
    [
      it.scope,
      moment(it.postsUntil),
      moment(it.readsUntil),
      it.limitWhy,
      it.failures,
      moment(it.openedAt),
      moment(it.until),
      it.trips,
      it.probe,
      moment(it.closedAt),
      it.failureWhy,
    ],
  );
}
