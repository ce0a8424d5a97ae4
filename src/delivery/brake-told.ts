import type { Db } from "../store/db.ts";
import { RAMP_MS } from "./brake.ts";

/** What keeps an account's posts back, as it is told on a page, to a program and to whoever measures. */
export interface BrakeTold {
  /** limited: the network said so · open: it failed again and again · gathering-pace: it is back, and posts go one by one */
  readonly kind: "limited" | "open" | "gathering-pace";
  readonly of: "account" | "app" | "host";
  /** The host, where it is one. */
  readonly host: string | null;
  readonly why: string | null;
  /** ISO 8601 in UTC. */
  readonly until: string;
}

const UTC = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`;
const KIND = `case when b.posts_until > slugline.now() then 'limited' when b.opened_at is not null then 'open' else 'gathering-pace' end`;
const IN_FORCE = `(b.posts_until > slugline.now() or b.opened_at is not null
  or b.closed_at > slugline.now() - make_interval(secs => ${RAMP_MS / 1000}))`;

/** SQL for the brake that keeps back the account `a` of a query the longest, as `BrakeTold`; null where none does. */
export const BRAKE_OF_ACCOUNT = `(select jsonb_build_object('kind', ${KIND}, 'of', split_part(b.scope, ':', 1),
    'host', case when b.scope like 'host:%' then substr(b.scope, 6) end,
    'why', case when b.posts_until > slugline.now() then b.limit_why else b.failure_why end,
    'until', to_char(greatest(b.posts_until, b.until) at time zone 'UTC', ${UTC}))
  from slugline.brake b where b.scope = any(coalesce(a.scopes, '{}') || ('account:' || a.id)) and ${IN_FORCE}
 order by greatest(b.posts_until, b.until) desc limit 1)`;

/** Every brake in force; an account's by the account's name. */
export async function brakesInForce(db: Db): Promise<{ scope: string; kind: BrakeTold["kind"] }[]> {
  const { rows } = await db.query<{ scope: string; kind: BrakeTold["kind"] }>(
    `select case when a.id is null then b.scope else 'account:' || a.name end as scope, ${KIND} as kind
       from slugline.brake b left join slugline.account a on b.scope = 'account:' || a.id where ${IN_FORCE}`,
  );
  return rows;
}
