import type { Db } from "../store/db.ts";
import type { LinkState } from "./link.ts";

/** What a visit needs to know of a link. Reserved links are never told: guessing codes shows no unpublished story. */
export interface PublicLink {
  readonly code: string;
  /** What a click record carries (32 bits). */
  readonly number: number;
  readonly target: string;
  readonly state: "live" | "retired";
}

/** A public link with its place in the order of changes. */
export interface ChangedLink extends PublicLink {
  /** `changed_at` with all its microseconds, to be handed back as it is. */
  readonly changed: string;
}

export interface NewLink {
  readonly id: string;
  readonly code: string;
  readonly target: string;
  readonly articleId: string | null;
  readonly placement: string;
}

export interface Shortened {
  readonly id: string;
  readonly code: string;
  readonly number: number;
}

export async function linkOf(db: Db, articleId: string, placement: string): Promise<Shortened | undefined> {
  const { rows } = await db.query<Shortened & { id: string }>(
    "select id, code, number from slugline.link where article_id = $1 and placement = $2",
    [articleId, placement],
  );
  return rows[0];
}

/** Undefined when the code is taken, or the placement has its link already. */
export async function insertLink(db: Db, link: NewLink): Promise<Shortened | undefined> {
  const { rows } = await db.query<Shortened & { id: string }>(
    `insert into slugline.link (id, code, target, article_id, placement) values ($1, $2, $3, $4, $5)
     on conflict do nothing
     returning id, code, number`,
    [link.id, link.code, link.target, link.articleId, link.placement],
  );
  return rows[0];
}

/** Moves a link on and writes down that it moved. Null when it was not in one of the states `from`. */
export async function moveLink(
  db: Db,
  move: { linkId: string; from: readonly LinkState[]; to: "live" | "retired"; changeId: string; by: string | null },
): Promise<{ code: string; articleId: string | null } | null> {
  const { rows } = await db.query<{ code: string; articleId: string | null }>(
    `with before as (
       select id, state from slugline.link where id = $1 and state = any($2) for update
     ), moved as (
       update slugline.link l set state = $3,
         live_at = case when $3 = 'live' then slugline.now() else live_at end,
         retired_at = case when $3 = 'retired' then slugline.now() else retired_at end
       from before where l.id = before.id
       returning l.id, l.code, l.article_id, before.state
     ), told as (
       insert into slugline.link_change (id, link_id, kind, before, by) select $4, id, $3, state, $5 from moved
     )
     select code, article_id as "articleId" from moved`,
    [move.linkId, move.from, move.to, move.changeId, move.by],
  );
  return rows[0] ?? null;
}

const PUBLIC = "select code, number, target, state, changed_at::text as changed from slugline.link where state <> 'reserved'";

/** All public links, a page at a time in the order of their numbers. */
export async function publicLinks(db: Db, afterNumber: number, limit: number): Promise<ChangedLink[]> {
  return (
    await db.query<ChangedLink & { code: string }>(`${PUBLIC} and number > $1 order by number limit $2`, [afterNumber, limit])
  ).rows;
}

/** Public links changed after a place in the order of changes, oldest first. */
export async function linksChangedAfter(
  db: Db,
  after: { changed: string; number: number },
  limit: number,
): Promise<ChangedLink[]> {
  const { rows } = await db.query<ChangedLink & { code: string }>(
    `${PUBLIC} and (changed_at, number) > ($1::timestamptz, $2::integer) order by changed_at, number limit $3`,
    [after.changed, after.number, limit],
  );
  return rows;
}

/**
 * The place in the order of changes from which nothing can be missed: a change carries the time of its statement but
 * is seen only when committed, so a minute is read again.
 */
export async function overlapBefore(db: Db, changed: string): Promise<string> {
  const { rows } = await db.query<{ since: string }>("select ($1::timestamptz - interval '1 minute')::text as since", [changed]);
  return rows[0]?.since ?? changed;
}

export async function publicLinksByCode(db: Db, codes: readonly string[]): Promise<ChangedLink[]> {
  return (await db.query<ChangedLink & { code: string }>(`${PUBLIC} and code = any($1)`, [codes])).rows;
}
