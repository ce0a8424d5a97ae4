import { cleanLines } from "../lib/text/clean.ts";
import { dirOf } from "../lib/text/direction.ts";
import { newId } from "../lib/id.ts";
import { ring } from "../queue/ring.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { hashOf, wordsHashOf } from "./revision.ts";
import { renewOthers, placeOf, problemOf, type ReviseDeps, type Revised } from "./revise.ts";
import { insertRevision, lastWriter, lockThread, revisionOf, type PostRow } from "./store.ts";

/** Longer threads are read by nobody, and each part is a post of its own to pay for. */
export const MOST_PARTS = 25;

/**
 * - decided: the post is rejected, held or expired; take it up again first
 * - too-many: a thread has at most 25 parts
 * - first: part 1 is the post itself: reject it instead
 */
export type Parted =
  | { readonly ok: true; readonly id: string; readonly revision: number }
  | Exclude<Revised, { ok: true }>
  | { readonly ok: false; readonly code: "too-many" | "first" | "decided" };

export interface PartAbout {
  /** Any part of the thread. */
  readonly postId: string;
  /** The revision of it that was seen. */
  readonly revision: number;
  readonly person: string;
}

/** Adds a part of a person's own words at the end of a thread; a post that is none becomes one. */
export async function addPart(store: Store, deps: ReviseDeps, it: PartAbout & { readonly text: string }): Promise<Parted> {
  const text = cleanLines(it.text).trim();
  if (text === "") return { ok: false, code: "empty" };
  return store.transaction(async (db) => {
    const thread = await lockThread(db, it.postId);
    const seen = await seenOf(db, thread, it);
    if ("ok" in seen) return seen;
    const last = thread.at(-1)!;
    const before = await revisionOf(db, last.id, last.revision);
    const place = await placeOf(db, last.account_id, null);
    // What is on its way already may still be gone on with; its last part must only not be decided against.
    if (!before || !place || last.state === "rejected" || last.state === "held" || last.state === "expired")
      return { ok: false, code: "decided" };
    if (thread.length >= MOST_PARTS) return { ok: false, code: "too-many" };
    const limits = place.limits ?? deps.usualLimits(place.network);
    const { lang, spoiler } = before;
    const sent = { text, lang, media: [], card: null, sensitive: false, spoiler };
    const problem = problemOf(sent, { old: sent, limits, link: null });
    if (problem) return problem;
    const id = newId();
    await insertPart(db, { id, after: last.id, part: last.part + 1, linkId: null });
    const dir = dirOf(lang, text);
    const [hash, wordsHash] = [hashOf(sent), wordsHashOf(text, limits)];
    await insertRevision(db, { ...sent, postId: id, revision: 1, dir, hash, wordsHash, writtenBy: it.person, why: ["person"] });
    await db.query("update slugline.post set state = 'waiting', mode = 'review', mode_why = 'edited' where id = $1", [id]);
    await renewOthers(db, thread, null);
    await tell(db, about("part-added", { ...last, id }, it.person));
    return { ok: true, id, revision: 1 };
  });
}

/** Takes a part out of its thread; the ones behind it close up. Not part 1, and nothing that is on its way. */
export async function removePart(store: Store, it: PartAbout): Promise<Parted> {
  return store.transaction(async (db) => {
    const thread = await lockThread(db, it.postId);
    const post = await seenOf(db, thread, it);
    if ("ok" in post) return post;
    if (post.part === 1) return { ok: false, code: "first" };
    if (post.on_its_way) return { ok: false, code: "on-its-way" };
    await takeOut(db, thread, post);
    await renewOthers(
      db,
      thread.filter(({ id }) => id !== post.id),
      null,
    );
    await ring(db, "delivery", post.id);
    await tell(db, about("part-removed", { ...thread[0]!, part: post.part }, it.person));
    return { ok: true, id: thread[0]!.id, revision: thread[0]!.revision + (thread[0]!.on_its_way ? 0 : 1) };
  });
}

/** A row for a part, behind another one and decided about in the same way; its text follows. */
export async function insertPart(
  db: Db,
  it: { readonly id: string; readonly after: string; readonly part: number; readonly linkId: string | null },
): Promise<void> {
  await db.query(
    `insert into slugline.post
       (id, article_id, account_id, occasion, round, part, reply_to_id, state, mode, mode_why, priority, article_version, not_before, not_after, link_id)
     select $1, p.article_id, p.account_id, p.occasion, p.round, $3, p.id, 'draft', p.mode, p.mode_why, p.priority, p.article_version,
            p.not_before, p.not_after, $4
       from slugline.post p where p.id = $2`,
    [it.id, it.after, it.part, it.linkId],
  );
}

/** Its row stays, with what was decided about it; its number and its place in the thread go to the next. */
export async function takeOut(db: Db, thread: readonly PostRow[], post: PostRow): Promise<void> {
  await db.query("update slugline.post set state = 'rejected', removed_at = slugline.now() where id = $1", [post.id]);
  for (const next of thread.filter(({ part }) => part > post.part)) {
    await db.query(
      "update slugline.post set part = part - 1, reply_to_id = case when reply_to_id = $2 then $3 else reply_to_id end where id = $1",
      [next.id, post.id, post.reply_to_id],
    );
  }
}

async function seenOf(db: Db, thread: readonly PostRow[], it: PartAbout): Promise<PostRow | Exclude<Revised, { ok: true }>> {
  const post = thread.find(({ id }) => id === it.postId);
  if (!post) return { ok: false, code: "gone" };
  if (post.revision === it.revision) return post;
  return { ok: false, code: "changed", by: (await lastWriter(db, thread))?.by ?? null };
}

function about(kind: string, post: Pick<PostRow, "id" | "article_id" | "account_id" | "part">, person: string) {
  return { kind, post: post.id, article: post.article_id, account: post.account_id, person, data: { part: post.part } };
}
