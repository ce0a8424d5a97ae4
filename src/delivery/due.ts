import type { Clock } from "../lib/time.ts";
import type { Db } from "../store/db.ts";
import { RAMP_MS } from "./brake.ts";
import { TOO_LONG } from "./store.ts";

/** One account's share of a sweep: a long line of one never hides another's post. */
const PER_ACCOUNT = 50;

/** Of those that a scope which gathers pace keeps back, how many are rung for at a time: its gaps let no more through. */
const RAMPING_AT_ONCE = 16;

/** What has something to be done now, with its account. */
const due = (approved: string) => `select p.id, p.account_id, p.priority, p.updated_at as since from slugline.post p
      where p.state = 'approved' ${approved} and not exists (select from slugline.delivery d where d.post_id = p.id and d.state <> 'cancelled')
     union all
     select free.post_id, free.account_id, free.priority, free.created_at from (
       select d.post_id, d.account_id, d.priority, d.created_at, b.opened_at is not null as open,
              coalesce(b.closed_at > slugline.now() - make_interval(secs => ${RAMP_MS / 1000}), false) as ramping,
              row_number() over (partition by d.held_by order by d.priority <> 'breaking', d.created_at, d.id) as nth
         from slugline.delivery d join slugline.account a on a.id = d.account_id cross join slugline.newsroom n
         left join slugline.brake b on b.scope = d.held_by
        where d.state = 'due' and d.next_at <= slugline.now() and a.next_at <= slugline.now() and a.state = 'active' and n.paused_at is null
          and (d.priority = 'breaking' or coalesce(a.rests_until <= slugline.now(), true))
          and (coalesce(b.posts_until <= slugline.now(), true)
            and (coalesce(b.until <= slugline.now(), true) or (b.opened_at is null and d.priority = 'breaking')))
     ) free where nth <= case when open then 1 when ramping then ${RAMPING_AT_ONCE} else nth end
     union all
     select d.post_id, d.account_id, d.priority, d.created_at from slugline.delivery d
       join slugline.account a on a.id = d.account_id cross join slugline.newsroom n
      where d.state = 'due' and d.next_at <= slugline.now() and n.paused_at is null and a.state in ('active', 'locked-out')
        and (d.not_after <= slugline.now() or d.held_at <= slugline.now() - ${TOO_LONG} or (a.state = 'locked-out' and d.held_at is null))
     union all
     select d.post_id, d.account_id, d.priority, d.created_at from slugline.delivery d
      where d.state in ('unknown', 'stale') and d.next_at <= slugline.now() and coalesce(d.lease_until <= slugline.now(), true)
     union all
     select d.post_id, d.account_id, d.priority, d.created_at from slugline.delivery d
      where d.state = 'sending' and d.lease_until <= slugline.now()
     union all
     select d.post_id, d.account_id, d.priority, d.created_at from slugline.delivery d join slugline.post p on p.id = d.post_id
      where d.state in ('due', 'refused', 'locked-out') and (p.state <> 'approved' or p.revision <> d.revision)
     union all
     select d.post_id, d.account_id, d.priority, d.created_at from slugline.delivery d join slugline.account a on a.id = d.account_id
      where d.state = 'locked-out' and a.state = 'active'`;

const EVER = due("");
/** An approval is opened within seconds: to search all that were ever approved, each second, would read every post there is. */
const LATELY = due("and p.updated_at > slugline.now() - interval '1 hour'");
/** How often a sweep searches all of them, in milliseconds: a bell that was lost long ago, in a long outage. */
const EVER_MS = 5 * 60_000;

/**
 * Posts whose delivery has something to be done now: approved and not opened, due and free to go, unknown and to be
 * looked for, sending under a lapsed lease, too old, or whose approval is void. Breaking news first, then the oldest of each
 * account. What a brake or its account's own allowance keeps back is not among them; of what waits for an open breaker only
 * the one that would be its probe.
 *
 * @param approved since when something of what is not opened was approved or changed: ever, or in the last hour
 */
export async function dueDeliveries(db: Db, limit: number, approved: "ever" | "lately" = "ever"): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from (
       select id, priority, since, row_number() over (partition by account_id order by priority <> 'breaking', since) as nth
         from (${approved === "ever" ? EVER : LATELY}) due
     ) due where nth <= $2 order by priority <> 'breaking', nth, since limit $1`,
    [limit, PER_ACCOUNT],
  );
  return rows.map((row) => row.id);
}

/** Of what is due and was approved lately, if it is not opened, the breaking news: their bells go before all others. */
export async function dueBreaking(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from (${LATELY}) due where priority = 'breaking' order by since limit $1`,
    [limit],
    "due-breaking",
  );
  return rows.map((row) => row.id);
}

/** `dueDeliveries` as a sweep asks each second: of all that was ever approved at first, and then every five minutes. */
export function sweepDeliveries(clock: Pick<Clock, "monotonic">): (db: Db, limit: number) => Promise<string[]> {
  let searched = Number.NEGATIVE_INFINITY;
  return async (db, limit) => {
    const now = clock.monotonic();
    const ever = now - searched >= EVER_MS;
    const found = await dueDeliveries(db, limit, ever ? "ever" : "lately");
    // More than it may answer: the rest is searched for next.
    if (ever && found.length < limit) searched = now;
    return found;
  };
}
