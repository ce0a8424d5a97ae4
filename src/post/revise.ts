import { fits, lengthOf } from "../lib/text/count.ts";
import { cleanLines } from "../lib/text/clean.ts";
import type { Limits } from "../lib/text/limits.ts";
import { dirOf } from "../lib/text/direction.ts";
import { shortUrlOf } from "../link/link.ts";
import type { Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { ring } from "../queue/ring.ts";
import { nextPost } from "./post.ts";
import { hashOf } from "./revision.ts";
import { insertRevision, lockPost, movePost, revisionOf } from "./store.ts";

export interface ReviseDeps {
  readonly shortUrl: string;
  usualLimits(network: string): Limits;
}

/**
 * - changed: somebody else wrote another text meanwhile
 * - on-its-way: the sending has begun; from then on a text stays
 * - too-long: `length` of `limit`
 * - link-missing: the post's own short link must stand in it once, or a click could not be counted
 */
export type Revised =
  | { readonly ok: true; readonly revision: number }
  | {
      readonly ok: false;
      readonly code: "changed" | "on-its-way" | "too-long" | "empty" | "link-missing" | "gone";
      readonly by?: string | null;
      readonly length?: number;
      readonly limit?: number;
    };

/** A person's own words for a post: a new revision, which voids whatever was decided about the one before. */
export async function revise(
  store: Store,
  deps: ReviseDeps,
  it: { readonly postId: string; readonly revision: number; readonly text: string; readonly person: string },
): Promise<Revised> {
  const text = cleanLines(it.text).trim();
  if (text === "") return { ok: false, code: "empty" };
  return store.transaction(async (db) => {
    const post = await lockPost(db, it.postId);
    const old = post && (await revisionOf(db, post.id, post.revision));
    if (!post || !old) return { ok: false, code: "gone" };
    if (post.revision !== it.revision) {
      const { rows } = await db.query<{ name: string }>("select name from slugline.person where id = $1", [old.written_by]);
      return { ok: false, code: "changed", by: rows[0]?.name ?? null };
    }
    const to = nextPost(post.state, "edited", post.on_its_way);
    if (!to) return { ok: false, code: "on-its-way" };
    if (text === old.text) return { ok: true, revision: post.revision };
    const { rows } = await db.query<{ network: string; limits: Limits | null; code: string | null }>(
      `select a.network, a.limits, l.code from slugline.account a left join slugline.link l on l.id = $2 where a.id = $1`,
      [post.account_id, post.link_id],
    );
    const account = rows[0];
    if (!account) return { ok: false, code: "gone" };
    const limits = account.limits ?? deps.usualLimits(account.network);
    if (!fits(text, limits)) return { ok: false, code: "too-long", length: lengthOf(text, limits), limit: limits.max };
    if (account.code && text.split(shortUrlOf(deps.shortUrl, account.code)).length !== 2)
      return { ok: false, code: "link-missing" };

    const revision = post.revision + 1;
    const next = { ...old, text };
    await insertRevision(db, {
      postId: post.id,
      revision,
      text,
      lang: old.lang,
      dir: dirOf(old.lang, text),
      media: old.media,
      sensitive: old.sensitive,
      spoiler: old.spoiler,
      hash: hashOf(next),
      writtenBy: it.person,
      why: ["person"],
    });
    await db.query("update slugline.post set revision = $2, mode = 'review', mode_why = 'edited' where id = $1", [
      post.id,
      revision,
    ]);
    if (to !== post.state) await movePost(db, post.id, to);
    await tell(db, {
      kind: "post-edited",
      post: post.id,
      article: post.article_id,
      account: post.account_id,
      person: it.person,
      data: { revision, before: post.state },
    });
    await ring(db, "delivery", post.id);
    return { ok: true, revision };
  });
}
