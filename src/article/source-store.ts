import { newId } from "../lib/id.ts";
import type { Db } from "../store/db.ts";
import type { Validators } from "./polite.ts";

export interface SourceRow {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly settings: { readonly own?: boolean; readonly postNewest?: number; readonly flood?: number; readonly lang?: string };
  readonly interval_s: number;
  readonly etag: string | null;
  readonly last_modified: string | null;
  readonly baseline_at: Date | null;
  readonly moved_to: string | null;
  readonly moved_seen: number;
  readonly failures: number;
}

/** The host of a source's address, as the lease compares it. */
const HOST = "lower(substring(url from '://([^/?#]+)'))";
const COLUMNS = "id, name, url, settings, interval_s, etag, last_modified, baseline_at, moved_to, moved_seen, failures";

/** Feeds that are due and whose host nobody is asking just now, longest waiting first. */
export async function dueSources(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from slugline.source s
      where kind = 'feed' and state = 'active' and next_check_at <= slugline.now()
        and not exists (select from slugline.source other where other.host = ${HOST.replace("url", "s.url")} and other.checking_until > slugline.now())
      order by next_check_at, id limit $1`,
    [limit],
  );
  return rows.map(({ id }) => id);
}

/**
 * Takes a due feed for so many seconds, with its whole host: one request at a time per host, over all processes.
 * Run in a transaction of its own, which ends before the request. Null when it is not due or its host is busy.
 */
export async function claimSource(db: Db, id: string, seconds: number): Promise<SourceRow | null> {
  const { rows: hosts } = await db.query<{ host: string }>(`select ${HOST} as host from slugline.source where id = $1 and url is not null`, [id]);
  if (!hosts[0]) return null;
  const { host } = hosts[0];
  await db.query("select pg_advisory_xact_lock(hashtext('slugline.host'), hashtext($1))", [host]);
  const { rows } = await db.query<SourceRow>(
    `update slugline.source s set checking_until = slugline.now() + make_interval(secs => $3), host = $2
      where id = $1 and kind = 'feed' and state = 'active' and next_check_at <= slugline.now()
        and not exists (select from slugline.source other where other.host = $2 and other.checking_until > slugline.now())
      returning ${COLUMNS}`,
    [id, host, seconds],
  );
  return rows[0] ?? null;
}

/** A source by its name, for its hook; null when there is none to take hooks. */
export async function hookSource(db: Db, name: string): Promise<{ id: string; name: string } | null> {
  const { rows } = await db.query<{ id: string; name: string }>("select id, name from slugline.source where name = $1 and kind = 'hook' and state = 'active'", [name]);
  return rows[0] ?? null;
}

/** What one check came to. Undefined fields stay as they are. */
export interface Checked {
  readonly outcome: "new" | "same" | "not-modified" | "failed" | "gone";
  readonly status: number | null;
  readonly items: number | null;
  readonly fresh: number | null;
  readonly tookMs: number;
  /** A sentence; null when all went well. */
  readonly error: string | null;
  readonly nextS: number;
  /** Only of a 200 that was read: both together. */
  readonly validators?: Validators;
  readonly url: string;
  readonly movedTo: string | null;
  readonly movedSeen: number;
}

/** Ends a check: gives the lease back and writes when to come again. */
export async function writeCheck(db: Db, id: string, it: Checked): Promise<void> {
  const ok = it.error === null || it.outcome === "new" || it.outcome === "same";
  await db.query(
    `update slugline.source
        set checking_until = null, next_check_at = slugline.now() + make_interval(secs => $2),
            state = case when $3 then 'gone' else state end, state_why = case when $3 then $4 else state_why end,
            etag = case when $5 then $6 else etag end, last_modified = case when $5 then $7 else last_modified end,
            baseline_at = case when $5 then coalesce(baseline_at, slugline.now()) else baseline_at end,
            last_ok_at = case when $8 then slugline.now() else last_ok_at end,
            last_new_at = case when $9 > 0 then slugline.now() else last_new_at end,
            failures = case when $8 then 0 else failures + 1 end,
            failing_since = case when $8 then null else coalesce(failing_since, slugline.now()) end,
            error = $4, url = $10, moved_to = $11, moved_seen = $12, updated_at = slugline.now()
      where id = $1`,
    [
      id, it.nextS, it.outcome === "gone", it.error, it.validators !== undefined, it.validators?.etag ?? null, it.validators?.lastModified ?? null,
      ok, it.fresh ?? 0, it.url, it.movedTo, it.movedSeen,
    ],
  );
  await db.query(
    `insert into slugline.source_check (id, source_id, at, outcome, status, items, fresh, took_ms, error)
     values ($1, $2, slugline.now(), $3, $4, $5, $6, $7, $8)`,
    [newId(), id, it.outcome, it.status, it.items, it.fresh, it.tookMs, it.error],
  );
}

/** The next due feed of the same host, which could not be asked while this one was. */
export async function nextOnHost(db: Db, id: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `select s.id from slugline.source s join slugline.source done on done.id = $1
      where s.id <> $1 and s.kind = 'feed' and s.state = 'active' and s.next_check_at <= slugline.now() and ${HOST.replace("url", "s.url")} = done.host
      order by s.next_check_at, s.id limit 1`,
    [id],
  );
  return rows[0]?.id ?? null;
}
