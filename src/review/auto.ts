import type { Store } from "../store/db.ts";
import { lockPost } from "../post/store.ts";
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
  else if (post.mode === "auto") await approve(store, { ...about, by: { rule: post.mode_why } });
}
