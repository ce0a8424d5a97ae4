import { ON_HOLD } from "../newsroom/hold.ts";
import type { Db } from "../store/db.ts";
import { budgetTroubles } from "./budget.ts";

/** Something silent, late or wrong, and since when (DESIGN R9). `code` is a message key: `trouble.<code>`. */
export interface Trouble {
  readonly code: TroubleCode;
  /** alarm: somebody must act; warning: somebody should look */
  readonly severity: "alarm" | "warning";
  readonly since: Date | null;
  readonly args: Readonly<Record<string, string | number>>;
  readonly source?: string;
  readonly article?: string;
  readonly account?: string;
  readonly post?: string;
  readonly delivery?: string;
}

export type TroubleCode =
  | "paused"
  | "restored"
  | "delivery-asked"
  | "delivery-old"
  | "delivery-refused"
  | "delivery-waiting"
  | "account-locked-out"
  | "account-failing"
  | "budget-used-up"
  | "budget-low"
  | "account-limited"
  | "host-failing"
  | "token-ending"
  | "article-waiting"
  | "article-failed"
  | "article-held"
  | "article-unclaimed"
  | "source-gone"
  | "source-failing"
  | "source-quiet"
  | "review-waiting"
  | "bells-waiting";

/** How many of the deliveries that are looked for after a restore are in these states. */
const SOUGHT = (states: string) => `(select count(*) from slugline.delivery where sought is not null and state in (${states}))`;

const QUERIES: readonly string[] = [
  `select 'paused' as code, 'alarm' as severity, paused_at as since,
          jsonb_build_object('by', coalesce(paused_by, ''), 'why', coalesce(paused_why, '')) as args, null::uuid as source, null::uuid as article,
          null::uuid as account, null::uuid as post, null::uuid as delivery
     from slugline.newsroom n where paused_at is not null and not ${ON_HOLD}`,
  `select 'restored', 'alarm', n.restored_at, jsonb_build_object('open', ${SOUGHT("'unknown', 'sending', 'stale'")}, 'found', ${SOUGHT("'posted'")},
          'asked', ${SOUGHT("'asked'")}), null, null, null, null, null from slugline.newsroom n where ${ON_HOLD}`,
  `select case when d.why in ('too-old', 'held-too-long') then 'delivery-old' else 'delivery-asked' end, 'alarm', d.updated_at, jsonb_build_object('account', a.name, 'title', r.title, 'why', coalesce(d.why, '')),
          null, r.id, a.id, p.id, d.id
     from slugline.delivery d join slugline.account a on a.id = d.account_id
     join slugline.post p on p.id = d.post_id join slugline.article r on r.id = p.article_id where d.state = 'asked'`,
  `select 'delivery-refused', 'alarm', d.updated_at, jsonb_build_object('account', a.name, 'title', r.title, 'why', coalesce(d.why, '')),
          null, r.id, a.id, p.id, d.id
     from slugline.delivery d join slugline.account a on a.id = d.account_id
     join slugline.post p on p.id = d.post_id join slugline.article r on r.id = p.article_id where d.state = 'refused'`,
  // Late by more than ten minutes, though nothing that a person knows of keeps it. What its network's limit or failure keeps
  // is told below, once for all that waits.
  `select 'delivery-waiting', 'alarm', greatest(d.created_at, p.not_before, n.paused_at), jsonb_build_object('account', a.name, 'title', r.title,
          'why', coalesce(d.why, ''), 'state', d.state), null, r.id, a.id, p.id, d.id
     from slugline.delivery d join slugline.account a on a.id = d.account_id
     join slugline.post p on p.id = d.post_id join slugline.article r on r.id = p.article_id cross join slugline.newsroom n
    where d.state in ('due', 'sending', 'unknown') and n.paused_at is null and a.state = 'active'
      and greatest(d.created_at, p.not_before, r.embargo_until) < slugline.now() - interval '10 minutes'
      and not (d.state = 'due' and (coalesce(d.why, '') in ('spacing', 'budget', 'quiet') or d.held_at is not null
        or (d.priority <> 'breaking' and coalesce(a.rests_until > slugline.now(), false))))`,
  `select 'delivery-waiting', 'alarm', p.updated_at, jsonb_build_object('account', a.name, 'title', r.title, 'why', '', 'state', 'approved'),
          null, r.id, a.id, p.id, null
     from slugline.post p join slugline.account a on a.id = p.account_id join slugline.article r on r.id = p.article_id
    where p.state = 'approved' and p.updated_at < slugline.now() - interval '2 minutes'
      and not exists (select from slugline.delivery d where d.post_id = p.id and d.state <> 'cancelled')`,
  `select 'account-locked-out', 'alarm', state_at, jsonb_build_object('account', name, 'why', coalesce(state_why, '')), null, null, id, null, null
     from slugline.account where state = 'locked-out'`,
  // A week before, so that a person has the time; a renewal that fails is theirs to look at at once.
  `select 'token-ending', case when a.renew_error is not null or ends.at < slugline.now() + interval '1 day' then 'alarm' else 'warning' end,
          null, jsonb_build_object('account', a.name, 'why', coalesce(a.renew_error, ''), 'days',
            greatest(floor(extract(epoch from ends.at - slugline.now()) / 86400), 0)), null, null, a.id, null, null
     from slugline.account a cross join lateral (select case when a.token_renews and a.renew_error is null then a.refresh_ends_at
          else a.token_ends_at end as at) ends
    where a.state = 'active' and not a.rehearsal and a.rehearsal_why is null
      and (a.renew_error is not null or ends.at < slugline.now() + interval '7 days')`,
  `select 'account-failing', 'warning', b.opened_at, jsonb_build_object('account', a.name, 'failures', b.failures, 'why', coalesce(b.failure_why, '')),
          null, null, a.id, null, null
     from slugline.account a join slugline.brake b on b.scope = 'account:' || a.id where a.state = 'active' and b.opened_at is not null`,
  // Its own limit, or that of its app. Nobody minds one of minutes; one of hours, with posts that wait, wants a decision.
  `select 'account-limited', case when limited.until > slugline.now() + interval '1 hour' and exists (select from slugline.delivery d
            where d.account_id = a.id and d.state = 'due' and d.held_at is not null) then 'alarm' else 'warning' end, null,
          jsonb_build_object('account', a.name, 'why', coalesce(limited.why, ''),
            'until', to_char(limited.until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')), null, null, a.id, null, null
     from slugline.account a cross join lateral (select b.posts_until as until, b.limit_why as why from slugline.brake b
       where b.scope = any(coalesce(a.scopes, '{}') || ('account:' || a.id)) and b.scope not like 'host:%' and b.posts_until > slugline.now()
       order by b.posts_until desc limit 1) limited where a.state = 'active'`,
  // From the first failure, so that a network that is down is told within seconds; one that came to nothing is soon forgotten.
  `select 'host-failing', case when b.opened_at is null then 'warning' else 'alarm' end, b.opened_at,
          jsonb_build_object('host', substr(b.scope, 6), 'why', coalesce(b.failure_why, b.limit_why, ''), 'waiting', w.waiting),
          null, null, null, null, null
     from slugline.brake b cross join lateral (select count(*)::int as waiting from slugline.delivery d
       join slugline.account a on a.id = d.account_id where d.state in ('due', 'sending', 'unknown') and (d.held_by = b.scope or d.attempts > 0) and b.scope = any(a.scopes)) w
    where b.scope like 'host:%' and (((b.opened_at is not null or b.posts_until > slugline.now()) and w.waiting > 0)
      or (b.failures > 0 and b.updated_at > slugline.now() - interval '10 minutes'))`,
  `select 'article-waiting', 'alarm', r.first_seen_at, jsonb_build_object('title', coalesce(nullif(r.title, ''), r.url), 'why', coalesce(r.error, '')),
          r.source_id, r.id, null, null, null
     from slugline.article r where (r.state = 'seen' and r.first_seen_at < slugline.now() - interval '5 minutes')
       or (r.state = 'ready' and r.composed_version < r.version and r.read_at < slugline.now() - interval '2 minutes')`,
  `select 'article-failed', 'warning', r.first_seen_at, jsonb_build_object('title', coalesce(nullif(r.title, ''), r.url), 'why', coalesce(r.error, '')),
          r.source_id, r.id, null, null, null
     from slugline.article r where r.state = 'failed' and r.first_seen_at > slugline.now() - interval '7 days'`,
  `select 'article-held', 'alarm', min(r.first_seen_at), jsonb_build_object('source', s.name, 'count', count(*)), s.id, null, null, null, null
     from slugline.article r join slugline.source s on s.id = r.source_id where r.state = 'held' group by s.id, s.name`,
  `select 'article-unclaimed', 'warning', min(first_seen_at), jsonb_build_object('count', count(*)), null, null, null, null, null
     from slugline.article where unclaimed and state = 'ready' and first_seen_at > slugline.now() - interval '2 days' having count(*) > 0`,
  `select 'source-gone', 'alarm', updated_at, jsonb_build_object('source', name, 'why', coalesce(state_why, '')), id, null, null, null, null
     from slugline.source where state = 'gone'`,
  `select 'source-failing', case when failing_since < slugline.now() - interval '1 hour' then 'alarm' else 'warning' end, failing_since,
          jsonb_build_object('source', name, 'why', coalesce(error, '')), id, null, null, null, null
     from slugline.source where state = 'active' and failures >= 2`,
  // Quiet: eight times the source's own mean gap of the last week, between six hours and a week; a day where it has none.
  `select 'source-quiet', 'warning', quiet.last, jsonb_build_object('source', quiet.name), quiet.id, null, null, null, null
     from (select s.id, s.name, coalesce(s.last_new_at, s.baseline_at) as last,
                  (select count(*) from slugline.article r where r.source_id = s.id
                      and r.first_seen_at > coalesce(s.last_new_at, s.baseline_at) - interval '7 days') as n
             from slugline.source s where s.state = 'active' and s.kind = 'feed' and s.baseline_at is not null) quiet
    where quiet.last < slugline.now() - case when quiet.n > 1
          then least(greatest(interval '7 days' * 8 / quiet.n, interval '6 hours'), interval '7 days') else interval '1 day' end`,
  `select 'review-waiting', 'warning', min(created_at), jsonb_build_object('count', count(*)), null, null, null, null, null
     from slugline.post where state = 'waiting' and mode = 'review' and created_at < slugline.now() - interval '2 hours' having count(*) > 0`,
  `select 'bells-waiting', 'alarm', min(at), jsonb_build_object('count', count(*)), null, null, null, null, null
     from slugline.outbox where at < slugline.now() - interval '1 minute' having count(*) > 0`,
];

const ALL = QUERIES.map((query) => `(${query})`).join("\nunion all\n");

/** At most this many of a kind are named; a page of a thousand alarms says nothing. */
const MOST = 50;

/** What is silent, late or wrong right now, alarms first, the oldest first. */
export async function troubles(db: Db): Promise<Trouble[]> {
  const { rows } = await db.query<{
    code: TroubleCode;
    severity: "alarm" | "warning";
    since: Date | null;
    args: Record<string, string | number>;
    source: string | null;
    article: string | null;
    account: string | null;
    post: string | null;
    delivery: string | null;
  }>(
    `select code, severity, since, args, source, article, account, post, delivery from (
       select t.*, row_number() over (partition by code order by since nulls last) as nth from (${ALL}) t
     ) t where nth <= ${MOST} order by severity, since nulls last, code`,
  );
  const found = rows.map(({ code, severity, since, args, ...about }) => ({
    code,
    severity,
    since,
    args,
    ...Object.fromEntries(Object.entries(about).filter(([, id]) => id !== null)),
  }));
  // Days and months are an account's own: reckoned by its zone's clocks, which the store may not know.
  const budgets = await budgetTroubles(db);
  return [...found, ...budgets].toSorted((one, other) => one.severity.localeCompare(other.severity));
}
