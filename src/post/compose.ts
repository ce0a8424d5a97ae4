import { followStory } from "../link/follow.ts";
import { claims } from "../newsroom/rules.ts";
import { claimants, rules } from "../newsroom/store.ts";
import { ring } from "../queue/ring.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { nextPost } from "./post.ts";
import { putPost, rewrite, type ComposeDeps } from "./put.ts";
import { knownToBackup, lockArticle, lockPostsOf, movePost, type ArticleRow, type PostRow } from "./store.ts";

/**
 * Writes the posts of an article, one for each account that the rules give it; after a change of the article, writes
 * them anew and voids what was decided about the old ones; after its withdrawal, holds them. Heard from the `post`
 * bell; `composed_version` makes a second ring harmless.
 */
export async function composeArticle(deps: ComposeDeps, articleId: string): Promise<void> {
  await deps.store.transaction(async (db) => {
    const article = await lockArticle(db, articleId);
    if (!article || article.composed_version >= article.version) return;
    await followStory(db, article.id, article.url);
    const posts = await lockPostsOf(db, articleId);
    const onlyMoved = posts.length > 0 && posts.every(({ article_version }) => article_version >= article.version);
    if (article.state === "removed") for (const post of posts) await withdraw(db, post);
    else if (!onlyMoved) await writeAll(deps, db, article, posts);
    await db.query("update slugline.article set composed_version = version where id = $1", [articleId]);
  });
}

async function writeAll(deps: ComposeDeps, db: Db, article: ArticleRow, posts: readonly PostRow[]): Promise<void> {
  const accounts = await claimants(db);
  const taken = claims(article, await rules(db), accounts, { name: article.source, mode: article.source_mode });
  // A post of before the restore may stand there: a person decides about a new one.
  const known = await knownToBackup(db, article.id);
  for (const claimed of taken) {
    const account = accounts.find(({ name }) => name === claimed.account);
    if (!account || posts.some((post) => post.account_id === account.id)) continue;
    const claim = known ? { ...claimed, mode: "review" as const, modeWhy: "restored" } : claimed;
    const stale = { since: newestOf(article), afterS: claim.staleAfterS };
    await putPost(deps, db, {
      article,
      account,
      claim,
      stale,
      occasion: "first",
      round: 1,
      replyToId: null,
      reshare: claim.reshare,
    });
  }
  for (const thread of threadsOf(posts)) {
    const account = accounts.find(({ id }) => id === thread[0]?.account_id);
    if (account) await rewrite(deps, db, { article, account, thread });
  }
  const unclaimed = taken.length === 0 && posts.length === 0;
  await db.query("update slugline.article set unclaimed = $2 where id = $1 and unclaimed <> $2", [article.id, unclaimed]);
  if (unclaimed) await tell(db, { kind: "article-unclaimed", article: article.id, source: article.source_id });
}

/** News grows old from when it was published; what is embargoed, from when it may be. */
export function newestOf(article: Pick<ArticleRow, "published_at" | "embargo_until">): Date | null {
  const times = [article.published_at, article.embargo_until].filter((time) => time !== null);
  return times.length === 0 ? null : new Date(Math.max(...times.map((time) => time.getTime())));
}

/** Posts by what they were written for: each thread's parts in order. */
function threadsOf(posts: readonly PostRow[]): PostRow[][] {
  return Object.values(Object.groupBy(posts, ({ account_id, occasion, round }) => `${account_id} ${occasion} ${round}`)).filter(
    (thread) => thread !== undefined,
  );
}

async function withdraw(db: Db, post: PostRow): Promise<void> {
  const to = nextPost(post.state, "withdrawn", post.on_its_way);
  if (!to) return;
  await movePost(db, post.id, to);
  await tell(db, { kind: "post-withdrawn", post: post.id, article: post.article_id, account: post.account_id });
  await ring(db, "delivery", post.id);
}
