import { newId } from "../lib/id.ts";
import type { Db } from "../store/db.ts";
import { given } from "../store/given.ts";
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
  /** The story's address as a CMS asked with it; none for links of posts. */
  readonly storyUrl?: string;
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
    `insert into slugline.link (id, code, target, article_id, placement, story_url) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing
     returning id, code, number`,
    [link.id, link.code, link.target, link.articleId, link.placement, link.storyUrl ?? null],
  );
  return rows[0];
}

/** Moves links on and writes down that they moved; answers those that were in one of the states `from`. */
export async function moveLinks(
  db: Db,
  move: { linkIds: readonly string[]; from: readonly LinkState[]; to: "live" | "retired"; by: string | null },
): Promise<{ code: string; articleId: string | null }[]> {
  const { rows } = await db.query<{ code: string; articleId: string | null }>(
    `with given as materialized ${given("$1", "link uuid, change uuid")},
     before as (
       select l.id, l.state, given.change from given join slugline.link l on l.id = given.link where l.state = any($2) for update of l
     ), moved as (
       update slugline.link l set state = $3,
         live_at = case when $3 = 'live' then slugline.now() else live_at end,
         retired_at = case when $3 = 'retired' then slugline.now() else retired_at end
       from before where l.id = before.id
       returning l.id, l.code, l.article_id, before.state, before.change
     ), told as (
       insert into slugline.link_change (id, link_id, kind, before, by) select change, id, $3, state, $4 from moved
     )
     select code, article_id as "articleId" from moved`,
    [JSON.stringify(move.linkIds.map((link) => ({ link, change: newId() }))), move.from, move.to, move.by],
    "move-links",
  );
  return rows;
}

/** A story's links that were not ended, locked until the transaction ends. */
export async function openLinksOf(db: Db, articleId: string): Promise<{ id: string; target: string }[]> {
  const { rows } = await db.query<{ id: string; target: string }>(
    "select id, target from slugline.link where article_id = $1 and state <> 'retired' order by id for update",
    [articleId],
  );
  return rows;
}

/** Has a link lead elsewhere, and writes down where it led before. */
export async function retarget(
  db: Db,
  link: { readonly id: string; readonly target: string; readonly before: string },
): Promise<void> {
  await db.query(
    `with moved as (update slugline.link set target = $2 where id = $1)
     insert into slugline.link_change (id, link_id, kind, before) values ($3, $1, 'retargeted', $4)`,
    [link.id, link.target, newId(), link.before],
  );
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
