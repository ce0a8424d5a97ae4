import type { Db } from "../../store/db.ts";
import type { Limits } from "../../lib/text/limits.ts";

export interface AccountLine {
  readonly id: string;
  readonly name: string;
  readonly network: string;
  readonly server: string;
  readonly handle: string | null;
  readonly lang: string | null;
  readonly voice: string;
  readonly mode: "review" | "auto";
  readonly rehearsal: boolean;
  readonly rehearsal_why: string | null;
  readonly spacing_s: number;
  readonly origin: "file" | "editor";
  readonly state: "active" | "locked-out" | "disabled";
  readonly state_why: string | null;
  readonly state_at: Date;
  readonly limits: Limits | null;
  readonly verified_at: Date | null;
  readonly failures: number;
  readonly last_post_at: Date | null;
}

export async function accountLines(db: Db): Promise<AccountLine[]> {
  const { rows } = await db.query<AccountLine>(
    `select a.id, a.name, a.network, a.server, coalesce(a.remote_handle, a.handle) as handle, a.lang, a.voice, a.mode, a.rehearsal,
            a.rehearsal_why, a.spacing_s, a.origin, a.state, a.state_why, a.state_at, a.limits, a.verified_at, a.failures,
            (select max(d.posted_at) from slugline.delivery d where d.account_id = a.id and d.state = 'posted') as last_post_at
       from slugline.account a order by a.state = 'disabled', a.name limit 1000`,
  );
  return rows;
}

export interface SourceLine {
  readonly id: string;
  readonly name: string;
  readonly kind: "feed" | "hook";
  readonly url: string | null;
  readonly origin: "file" | "editor";
  readonly state: "active" | "gone" | "disabled";
  readonly state_why: string | null;
  readonly interval_s: number;
  readonly next_check_at: Date | null;
  readonly last_ok_at: Date | null;
  readonly last_new_at: Date | null;
  readonly failures: number;
  readonly failing_since: Date | null;
  readonly error: string | null;
  readonly moved_to: string | null;
}

export async function sourceLines(db: Db): Promise<SourceLine[]> {
  const { rows } = await db.query<SourceLine>(
    `select id, name, kind, url, origin, state, state_why, interval_s, nullif(next_check_at, '-infinity') as next_check_at,
            last_ok_at, last_new_at, failures, failing_since, error, moved_to
       from slugline.source order by state = 'disabled', name limit 1000`,
  );
  return rows;
}

export interface CheckLine {
  readonly id: string;
  readonly source_id: string;
  readonly at: Date;
  readonly outcome: string;
  readonly status: number | null;
  readonly items: number | null;
  readonly fresh: number | null;
  readonly took_ms: number | null;
  readonly error: string | null;
}

/** The last five checks of each source. */
export async function lastChecks(db: Db): Promise<CheckLine[]> {
  const { rows } = await db.query<CheckLine>(
    `select c.* from slugline.source s
       cross join lateral (select id, source_id, at, outcome, status, items, fresh, took_ms, error
         from slugline.source_check where source_id = s.id order by at desc limit 5) c
      order by c.at desc`,
  );
  return rows;
}

/** Whether everything stands still, since when, by whom and why. */
export interface Stopped {
  readonly at: Date;
  readonly by: string | null;
  readonly why: string | null;
}

export async function stopped(db: Db): Promise<Stopped | null> {
  const { rows } = await db.query<Stopped>(
    "select paused_at as at, paused_by as by, paused_why as why from slugline.newsroom where paused_at is not null",
  );
  return rows[0] ?? null;
}
