import type { Store } from "../store/db.ts";
import { lockPost, type PostRow } from "../post/store.ts";
import { tell } from "../store/history.ts";
import { approve, expire, release } from "./decide.ts";
import { holdIsOver } from "./store.ts";

/**
 * What the newsroom decides by itself about a post: automatic ones are approved, old ones expire, holds end.
 * Heard from the `review` bell; harmless when rung twice, since each decision is a compare-and-set.
 */
export async function reviewByRule(store: Store, postId: string): Promise<void> {
  const post = await store.transaction((db) => lockPost(db, postId));
  if (!post) return;
  const about = { postId, revision: post.revision };
  if (post.state === "held") {
    if (await holdIsOver(store, postId)) await release(store, { postId, by: { rule: "hold-ended" } });
    return;
  }
  if (post.state !== "waiting") return;
  const { rows } = await store.query<{ late: boolean }>("select coalesce($1::timestamptz <= slugline.now(), false) as late", [
    post.not_after,
  ]);
  if (rows[0]?.late) await expire(store, { ...about, by: { rule: "stale" } });
  else if (post.mode === "auto") {
    const decided = await approve(store, { ...about, by: { rule: post.mode_why } });
    if (!decided.ok && decided.code === "same-words") await toReview(store, post, decided.by ?? "");
  }
}

/** What no rule may send waits for a person, who sees why. */
async function toReview(store: Store, post: PostRow, account: string): Promise<void> {
  await store.transaction(async (db) => {
    const { rowCount } = await db.query(
      "update slugline.post set mode = 'review', mode_why = 'same-words' where id = $1 and mode = 'auto' and state = 'waiting'",
      [post.id],
    );
    if (rowCount !== 1) return;
    const data = { reason: "same-words", account };
    await tell(db, { kind: "post-to-review", post: post.id, article: post.article_id, account: post.account_id, data });
  });
}
