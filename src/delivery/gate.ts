import type { Allowance } from "../newsroom/allowance.ts";
import type { RevisionRow } from "../post/store.ts";
import type { Db } from "../store/db.ts";
import { given } from "../store/given.ts";
import type { Answering } from "./answering.ts";
import { ENGAGED } from "./brake-store.ts";
import { TOO_LONG } from "./store.ts";

/** Everything that must hold in the moment the sending begins (DESIGN R3), read in the transaction that begins it. */
export interface Gate extends Answering {
  /** The delivery's. */
  readonly id: string;
  readonly article_id: string;
  readonly paused: boolean;
  readonly approved: boolean;
  readonly withdrawn: boolean;
  readonly account_state: "active" | "locked-out" | "disabled";
  /** The account went into rehearsal or out of it since the approval: it was for the other place. */
  readonly switched: boolean;
  readonly rehearsing: boolean;
  /** The latest of the post's `not before` and the article's embargo, where that is still ahead. */
  readonly wait_until: Date | null;
  readonly late: boolean;
  /** It waited too long for its network or its account, and nobody has said what is too old. */
  readonly outwaited: boolean;
  /** The brake that keeps it back the longest, and why; takeTurn asks again under a lock. */
  readonly held: { readonly scope: string; readonly why: string } | null;
  /** Whether one of its brakes is engaged at all: then its turn is taken under their lock. */
  readonly engaged: boolean;
  readonly breaking: boolean;
  /** The scopes that the account's row has. */
  readonly scopes: readonly string[] | null;
  /** Until when the version before this one, which may still run beside it, wants nothing of the account to begin. */
  readonly paced_until: Date | null;
  readonly spacing_s: number;
  /** Nothing but breaking news of this account begins yet: its own pace or its money (`account.rests_why`). */
  readonly resting: boolean;
  readonly allowance: Allowance;
  /** The zone of the account's hours, days and months. */
  readonly time_zone: string;
  readonly now: Date;
  /** Another delivery of this account is due and goes first. */
  readonly behind: boolean;
  readonly link_id: string | null;
  readonly link_code: string | null;
  readonly reply_to_id: string | null;
  /** What this account said of the same story on another occasion may be on its way or there: nobody knows (T1). */
  readonly in_doubt: boolean;
  /** What was approved. */
  readonly said: RevisionRow;
}

/** A delivery at the gate, and what its requests fall under. */
export interface Asking {
  readonly id: string;
  readonly scopes: readonly string[];
}

/** Reads all of it, by delivery, of `MOST_GIVEN` at most. The caller holds the locks (`lockToBegin`). */
export async function gatesOf(db: Db, asking: readonly Asking[]): Promise<ReadonlyMap<string, Gate>> {
  const { rows } = await db.query<Gate>(
    `select d.id, p.article_id, n.paused_at is not null as paused,
            p.state = 'approved' and p.revision = d.revision and coalesce(decided.revision = p.revision, false) as approved,
            r.state = 'removed' or r.removed_at is not null as withdrawn,
            a.state as account_state, a.rehearsing,
            coalesce(decided.at <= a.switched_at, false) as switched,
            case when greatest(p.not_before, r.embargo_until) > slugline.now() then greatest(p.not_before, r.embargo_until) end as wait_until,
            coalesce(d.not_after <= slugline.now(), false) as late,
            d.not_after is null and coalesce(d.held_at <= slugline.now() - ${TOO_LONG}, false) as outwaited,
            (select jsonb_build_object('scope', b.scope, 'why', case when b.posts_until > slugline.now() then 'network-limit'
                      when b.opened_at is not null then 'network-failing' else 'gathering-pace' end)
               from slugline.brake b where b.scope = any(asking.scopes) and (b.posts_until > slugline.now()
                 or (b.until > slugline.now() and (b.opened_at is not null or d.priority <> 'breaking')))
              order by greatest(b.posts_until, b.until) desc limit 1) as held,
            exists (select from slugline.brake where scope = any(asking.scopes) and ${ENGAGED}) as engaged,
            d.priority = 'breaking' as breaking, a.scopes,
            case when a.next_at > slugline.now() then a.next_at end as paced_until,
            -- a thread goes out without pauses; they come after its last part
            case when a.spacing_s > 0 and exists (select from slugline.post q where q.reply_to_id = p.id and q.part > 1 and q.state = 'approved')
                 then 0 else a.spacing_s end as spacing_s,
            coalesce(a.rests_until > slugline.now(), false) as resting, a.allowance,
            coalesce(a.allowance ->> 'timeZone', n.site ->> 'timeZone', 'UTC') as time_zone, slugline.now() as now,
            (a.spacing_s > 0 or a.allowance <> '{}') and exists (select from slugline.delivery o join slugline.post q on q.id = o.post_id
              where o.account_id = a.id and o.id <> d.id and o.state = 'due' and o.next_at <= slugline.now()
                and q.state = 'approved' and coalesce(q.not_before <= slugline.now(), true)
                and (o.priority <> 'breaking', o.created_at, o.id) < (d.priority <> 'breaking', d.created_at, d.id)) as behind,
            l.id as link_id, l.code as link_code,
            p.reply_to_id, p.part > 1 as is_part, o.state as parent_state,
            -- what stands on the local timeline cannot be answered on a network, nor the other way round
            coalesce((o.remote_id is not null or o.remote_url is not null) and coalesce(o.rehearsal, a.rehearsing) = a.rehearsing, false) as parent_named,
            exists (select from slugline.post q join slugline.delivery e on e.post_id = q.id
              where q.article_id = p.article_id and q.account_id = p.account_id and q.id <> p.id
                and e.state in ('sending', 'unknown')) as in_doubt,
            to_jsonb(v) as said
       from ${given("$1", "id uuid, scopes text[]")} as asking
       join slugline.delivery d on d.id = asking.id
       join slugline.post p on p.id = d.post_id
       join slugline.article r on r.id = p.article_id
       join slugline.account a on a.id = d.account_id
       left join lateral (select c.revision, c.at from slugline.decision c where c.post_id = p.id and c.kind in ('approve', 'schedule')
         order by c.at desc, c.id desc limit 1) decided on true
       left join slugline.link l on l.id = p.link_id
       left join slugline.delivery o on o.post_id = p.reply_to_id and o.state <> 'cancelled'
       cross join slugline.newsroom n
       join slugline.post_revision v on v.post_id = d.post_id and v.revision = d.revision`,
    [JSON.stringify(asking)],
    "gate",
  );
  return new Map(rows.map((row) => [row.id, row]));
}
