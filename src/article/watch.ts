import { newId } from "../lib/id.ts";
import { reasonOf, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import type { Answer, Outbound } from "../lib/outbound/outbound.ts";
import type { Clock, Random } from "../lib/time.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import type { Feed, Unread } from "./feed.ts";
import type { Parser } from "./parser.ts";
import { afterBad, afterGood, complaint, conditional, MOVES, one, validatorsOf, type Rhythm } from "./polite.ts";
import { countUnknown, withOwnGuids } from "./names.ts";
import { claimSource, type SourceRow } from "./store.ts";
import { takeItem } from "./take.ts";
import { cleanUrl } from "./url.ts";

export interface WatchDeps {
  readonly store: Store;
  readonly outbound: Outbound;
  readonly parser: Parser;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The lease of a check, in seconds: longer than a request and the reading of a feed may take. */
const LEASE_S = 90;
const REQUEST_MS = 30_000;
/** So many new stories in one check are a reset feed or a moved site, not news (RELIABILITY F24): a person is asked. */
const FLOOD = 20;
/** An interval that newsroom.yaml states is agreed with the site; the usual hour for strangers is not. */
const STRANGER_S = 3_600;
const ACCEPT =
  "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1";

/** What one check came to, for the source's page. */
interface Checked {
  readonly outcome: "new" | "nothing-new" | "not-modified" | "failed";
  readonly status: number | null;
  readonly items: number | null;
  readonly fresh: number | null;
  readonly error: string | null;
  readonly nextS: number;
}

/** Looks at a feed once, politely: conditional, one request at a time per host, and not before its time. Heard from the `source` bell. */
export async function checkSource(deps: WatchDeps, sourceId: string, signal: AbortSignal): Promise<void> {
  const source = await deps.store.transaction((db) => claimSource(db, sourceId, LEASE_S));
  if (!source?.url) return;
  const began = deps.clock.monotonic();
  const rhythm: Rhythm = { intervalS: source.interval_s, own: source.interval_s < STRANGER_S, failures: source.failures };
  const answer = await ask(deps, source, signal);
  const feed =
    answer instanceof Error || answer.status !== 200
      ? undefined
      : await deps.parser.feed(answer.body, answer.headers["content-type"] ?? null, answer.url);
  await deps.store.transaction(async (db) => {
    const checked =
      answer instanceof Error ? unreachable(deps, rhythm, answer) : await digest(deps, db, source, rhythm, answer, feed);
    await db.query(
      `update slugline.source set checking_until = null, next_check_at = slugline.now() + make_interval(secs => $2),
              last_ok_at = case when $3 then last_ok_at else slugline.now() end,
              failures = case when $3 then failures + 1 else 0 end, error = $4,
              failing_since = case when $3 then coalesce(failing_since, slugline.now()) end,
              last_new_at = case when $5 > 0 then slugline.now() else last_new_at end
        where id = $1`,
      [source.id, checked.nextS, checked.outcome === "failed", checked.error, checked.fresh ?? 0],
    );
    await record(db, source, checked, Math.round(deps.clock.monotonic() - began));
  });
}

async function ask(deps: WatchDeps, source: SourceRow, signal: AbortSignal): Promise<Answer | Error> {
  const validators = { etag: source.etag, lastModified: source.last_modified };
  try {
    return await deps.outbound.request(source.url!, {
      headers: { accept: ACCEPT, ...conditional(validators) },
      redirects: 5,
      timeoutMs: REQUEST_MS,
      signal,
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(sentenceOf(error));
  }
}

function unreachable(deps: WatchDeps, rhythm: Rhythm, error: Error): Checked {
  const nextS = afterBad(rhythm, null, {}, deps.clock.now(), deps.random);
  return { outcome: "failed", status: null, items: null, fresh: null, error: reasonOf(error), nextS };
}

async function digest(
  deps: WatchDeps,
  db: Db,
  source: SourceRow,
  rhythm: Rhythm,
  answer: Answer,
  feed: Feed | Unread | undefined,
): Promise<Checked> {
  const now = deps.clock.now();
  const { status, headers } = answer;
  if (status === 304) {
    // RFC 9110, 15.4.5: a 304 may bring a newer validator.
    await db.query(
      "update slugline.source set etag = coalesce($2, etag), last_modified = coalesce($3, last_modified) where id = $1",
      [source.id, one(headers, "etag") ?? null, one(headers, "last-modified") ?? null],
    );
    return {
      outcome: "not-modified",
      status,
      items: null,
      fresh: null,
      error: null,
      nextS: afterGood(rhythm, null, headers, now, deps.random),
    };
  }
  if (!feed?.ok || leadsNowhere(feed)) {
    const told = feed
      ? { gone: false, why: feed.ok ? "No item of the feed has an address." : feed.why }
      : complaint(status, headers);
    if (told.gone) {
      await db.query("update slugline.source set state = 'gone', state_why = $2 where id = $1", [source.id, told.why]);
      await tell(db, { kind: "source-gone", source: source.id, data: { why: told.why } });
    }
    return {
      outcome: "failed",
      status,
      items: null,
      fresh: null,
      error: told.why,
      nextS: afterBad(rhythm, status, headers, now, deps.random),
    };
  }
  const fresh = await takeFeed(db, source, feed);
  const { etag, lastModified } = validatorsOf(headers);
  await db.query(
    "update slugline.source set etag = $2, last_modified = $3, baseline_at = coalesce(baseline_at, slugline.now()), restored = false where id = $1",
    [source.id, etag, lastModified],
  );
  await noteMove(db, source, answer);
  const nextS = afterGood(rhythm, feed.everyS, headers, now, deps.random);
  return { outcome: fresh > 0 ? "new" : "nothing-new", status, items: feed.items.length, fresh, error: null, nextS };
}

/** A story without an address cannot be posted; a feed of nothing else would be quiet for ever. */
function leadsNowhere({ items }: Feed): boolean {
  return items.length > 0 && items.every(({ url, guid }) => cleanUrl(url ?? guid ?? "") === null);
}

/** The first sight of a feed is its baseline: known, not posted, but for as many of the newest as the source asks for. */
async function takeFeed(db: Db, source: SourceRow, feed: Feed): Promise<number> {
  const items = withOwnGuids(feed.items).map((item) =>
    item.lang === null ? { ...item, lang: source.settings.lang ?? feed.lang } : item,
  );
  const telling = { sourceId: source.id, kind: "feed" } as const;
  if (source.baseline_at === null) {
    const newest = items
      .toSorted((one, other) => Date.parse(other.published ?? "") - Date.parse(one.published ?? "") || 0)
      .slice(0, source.settings.postNewest ?? 0);
    let posted = 0;
    for (const item of items)
      posted +=
        (await takeItem(db, telling, item, newest.includes(item) ? "seen" : "baseline")).kind === "fresh" && newest.includes(item)
          ? 1
          : 0;
    return posted;
  }
  const state = source.restored || (await countUnknown(db, source.id, items)) > FLOOD ? "held" : "seen";
  let fresh = 0;
  // Oldest first, so that posts wait in the order in which the stories came.
  for (const item of items.toReversed()) fresh += (await takeItem(db, telling, item, state)).kind === "fresh" ? 1 : 0;
  if (state === "held" && fresh > 0) await tell(db, { kind: "source-flood", source: source.id, data: { count: fresh } });
  return fresh;
}

/** A move that is told as lasting, again and again, is shown, so that newsroom.yaml can follow it. */
async function noteMove(db: Db, source: SourceRow, answer: Answer): Promise<void> {
  const lasting = answer.redirected.length > 0 && answer.redirected.every(({ status }) => status === 301 || status === 308);
  const to = lasting ? answer.url : null;
  if (to === null && source.moved_to === null) return;
  const seen = to === null ? 0 : to === source.moved_to ? source.moved_seen + 1 : 1;
  await db.query("update slugline.source set moved_to = $2, moved_seen = $3 where id = $1", [source.id, to, seen]);
  if (seen === MOVES) await tell(db, { kind: "source-moved", source: source.id, data: { to } });
}

async function record(db: Db, source: SourceRow, it: Checked, tookMs: number): Promise<void> {
  await db.query(
    "insert into slugline.source_check (id, source_id, outcome, status, items, fresh, took_ms, error) values ($1, $2, $3, $4, $5, $6, $7, $8)",
    [newId(), source.id, it.outcome, it.status, it.items, it.fresh, tookMs, it.error],
  );
  await db.query("delete from slugline.source_check where source_id = $1 and at < slugline.now() - interval '7 days'", [
    source.id,
  ]);
  const failed = it.outcome === "failed";
  if (failed && source.failures === 1) await tell(db, { kind: "source-failing", source: source.id, data: { why: it.error } });
  if (!failed && source.failures >= 2) await tell(db, { kind: "source-works", source: source.id });
}
