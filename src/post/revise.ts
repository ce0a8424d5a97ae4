import { fits, graphemes, lengthOf } from "../lib/text/count.ts";
import { cleanLines, cleanText } from "../lib/text/clean.ts";
import type { Limits } from "../lib/text/limits.ts";
import { dirOf } from "../lib/text/direction.ts";
import { shortUrlOf } from "../link/link.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { ring } from "../queue/ring.ts";
import { nextParts, nextPost } from "./post.ts";
import { hashOf, wordsHashOf } from "./revision.ts";
import { insertRevision, lastWriter, lockThread, movePost, renew, revisionOf, type PostRow, type RevisionRow } from "./store.ts";

export interface ReviseDeps {
  readonly shortUrl: string;
  usualLimits(network: string): Limits;
}

/**
 * - changed: somebody else wrote another text meanwhile
 * - on-its-way: the sending has begun; from then on a text stays
 * - too-long: `length` of `limit`
 * - alt-too-long: a new alternative text, of `length` where the network takes `limit`
 * - no-spoiler: the network has no field for a warning; it belongs into the text
 * - link-missing: the post's own short link must stand in it once, or a click could not be counted
 */
export type Revised =
  | { readonly ok: true; readonly revision: number }
  | {
      readonly ok: false;
      readonly code: "changed" | "on-its-way" | "too-long" | "empty" | "link-missing" | "no-spoiler" | "alt-too-long" | "gone";
      readonly by?: string | null;
      readonly length?: number;
      readonly limit?: number;
    };

/** A person's own words; what is left out stays as it was. */
export interface Revision {
  readonly postId: string;
  /** The revision they saw. */
  readonly revision: number;
  readonly text: string;
  readonly person: string;
  /** The warning before the text; null takes it away. */
  readonly spoiler?: string | null;
  /** Whether pictures are hidden until asked for. */
  readonly sensitive?: boolean;
  /** Alternative texts of its pictures, in their order. */
  readonly alts?: readonly string[];
}

/** A person's own words for a post: a new revision, which voids whatever was decided about the one before. */
export async function revise(store: Store, deps: ReviseDeps, it: Revision): Promise<Revised> {
  const text = cleanLines(it.text).trim();
  if (text === "") return { ok: false, code: "empty" };
  return store.transaction(async (db) => {
    const thread = await lockThread(db, it.postId);
    const post = thread.find(({ id }) => id === it.postId);
    const old = post && (await revisionOf(db, post.id, post.revision));
    if (!post || !old) return { ok: false, code: "gone" };
    if (post.revision !== it.revision) return { ok: false, code: "changed", by: (await lastWriter(db, thread))?.by ?? null };
    const to = nextPost(post.state, "edited", post.on_its_way);
    if (!to) return { ok: false, code: "on-its-way" };
    const next = { ...old, ...changed(old, it), text };
    if (hashOf(next) === old.hash) return { ok: true, revision: post.revision };
    const place = await placeOf(db, post.account_id, post.link_id);
    if (!place) return { ok: false, code: "gone" };
    const limits = place.limits ?? deps.usualLimits(place.network);
    const problem = problemOf(next, { old, limits, link: place.code === null ? null : shortUrlOf(deps.shortUrl, place.code) });
    if (problem) return problem;

    const revision = post.revision + 1;
    await insertRevision(db, {
      ...next,
      postId: post.id,
      revision,
      dir: dirOf(old.lang, text),
      hash: hashOf(next),
      wordsHash: wordsHashOf(text, limits),
      writtenBy: it.person,
      why: ["person"],
    });
    await db.query("update slugline.post set revision = $2 where id = $1", [post.id, revision]);
    await renewOthers(db, thread, post.id);
    await tell(db, {
      kind: "post-edited",
      post: post.id,
      article: post.article_id,
      account: post.account_id,
      person: it.person,
      data: { revision, before: post.state },
    });
    return { ok: true, revision };
  });
}

/**
 * After a change of one part by a person: the other parts that are not on their way are renewed, and all of them wait for
 * a person to decide about the thread as it is now.
 *
 * @param changed the part that has its new revision already; null where the thread itself changed
 */
export async function renewOthers(db: Db, thread: readonly PostRow[], changed: string | null): Promise<void> {
  const open = nextParts(thread, "edited");
  await renew(
    db,
    open.flatMap(({ part }) => (part.id === changed ? [] : [part.id])),
  );
  for (const { part, to } of open) {
    await db.query("update slugline.post set mode = 'review', mode_why = 'edited' where id = $1", [part.id]);
    if (to !== part.state) await movePost(db, part.id, to);
    await ring(db, "delivery", part.id);
  }
}

interface PlaceRow {
  readonly network: string;
  readonly limits: Limits | null;
  readonly code: string | null;
}

/** The limits of a post's account, as it last told them, and the code of the post's link. */
export async function placeOf(db: Db, accountId: string, linkId: string | null): Promise<PlaceRow | undefined> {
  const { rows } = await db.query<PlaceRow>(
    `select a.network, a.limits, l.code from slugline.account a left join slugline.link l on l.id = $2 where a.id = $1`,
    [accountId, linkId],
  );
  return rows[0];
}

interface Held {
  readonly old: Pick<RevisionRow, "media">;
  readonly limits: Limits;
  /** The post's own short link; null for a post without one. */
  readonly link: string | null;
}

/** Why a person's words cannot stand as they are. */
export function problemOf(
  next: Pick<RevisionRow, "text" | "spoiler" | "media">,
  { old, limits, link }: Held,
): Extract<Revised, { ok: false }> | undefined {
  if (next.spoiler !== null && !limits.spoiler) return { ok: false, code: "no-spoiler" };
  const whole = `${next.spoiler ?? ""}${next.text}`;
  if (!fits(whole, limits)) return { ok: false, code: "too-long", length: lengthOf(whole, limits), limit: limits.max };
  const longestAlt = Math.max(0, ...next.media.map(({ alt }, at) => (alt === old.media[at]?.alt ? 0 : graphemes(alt))));
  const altMax = limits.media?.altMax ?? Infinity;
  // What came from the article is made to fit when it is sent; a person's words are not cut.
  if (longestAlt > altMax) return { ok: false, code: "alt-too-long", length: longestAlt, limit: altMax };
  if (link !== null && next.text.split(link).length !== 2) return { ok: false, code: "link-missing" };
  return undefined;
}

function changed(old: RevisionRow, it: Revision): Pick<RevisionRow, "spoiler" | "sensitive" | "media"> {
  return {
    spoiler: it.spoiler === undefined ? old.spoiler : cleanText(it.spoiler ?? "") || null,
    sensitive: it.sensitive ?? old.sensitive,
    media: old.media.map((one, at) => ({ url: one.url, alt: it.alts?.[at] === undefined ? one.alt : cleanText(it.alts[at]) })),
  };
}
