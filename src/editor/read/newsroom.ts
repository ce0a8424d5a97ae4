import { BRAKE_OF_ACCOUNT, type BrakeTold } from "../../delivery/brake-told.ts";
import type { Db } from "../../store/db.ts";
import type { Limits } from "../../lib/text/limits.ts";
import { ofSeen, type Seen } from "./seen.ts";

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
  /** newsroom.yaml or whoever added it says so: it needs no access to its network. */
  readonly rehearsal_declared: boolean;
  readonly rehearsal_why: string | null;
  readonly on_unknown: "ask" | "assume-posted";
  /** In rehearsal at a press: since when, and who pressed. */
  readonly rehearsal_at: Date | null;
  readonly rehearsal_by: string | null;
  readonly spacing_s: number;
  readonly origin: "file" | "editor";
  readonly state: "active" | "locked-out" | "disabled";
  readonly state_why: string | null;
  readonly state_at: Date;
  readonly limits: Limits | null;
  readonly verified_at: Date | null;
  readonly brake: BrakeTold | null;
  readonly last_post_at: Date | null;
  /** When its access ends, unless it is renewed by itself; then when that ends too. */
  readonly token_ends_at: Date | null;
  readonly token_renews: boolean;
  readonly refresh_ends_at: Date | null;
  readonly renew_error: string | null;
  readonly connected_at: Date | null;
  readonly proved_at: Date | null;
  /** The environment variables that hold its access. */
  readonly variables: readonly string[];
}

export async function accountLines(db: Db, seen: Seen): Promise<AccountLine[]> {
  const { rows } = await db.query<AccountLine>(
    `select a.id, a.name, a.network, a.server, coalesce(a.remote_handle, a.handle) as handle, a.lang, a.voice, a.mode, a.rehearsing as rehearsal, a.rehearsal as rehearsal_declared,
            a.rehearsal_why, a.rehearsal_at, a.rehearsal_by, a.on_unknown, a.spacing_s, a.origin, a.state, a.state_why, a.state_at, a.limits, a.verified_at,
            ${BRAKE_OF_ACCOUNT} as brake,
            a.token_ends_at, a.token_renews, a.refresh_ends_at, a.renew_error, a.connected_at, a.proved_at,
            array(select value from jsonb_each_text(a.settings) where key like '%Env' and key not like 'client%' order by key) as variables,
            (select max(d.posted_at) from slugline.delivery d where d.account_id = a.id and d.state = 'posted') as last_post_at
       from slugline.account a where ${ofSeen("a.id", 1)} order by a.state = 'disabled', a.name limit 1000`,
    [seen.only, seen.except],
  );
  return rows;
}

/** All accounts by name, to give people a role on each. */
export async function accountNames(db: Db): Promise<{ id: string; name: string; network: string }[]> {
  const { rows } = await db.query<{ id: string; name: string; network: string }>(
    "select id, name, network from slugline.account order by state = 'disabled', name limit 1000",
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
