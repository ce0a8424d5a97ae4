import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { claims } from "../newsroom/rules.ts";
import { claimants, rules } from "../newsroom/store.ts";
import { putPost, type ComposeDeps } from "./put.ts";
import { dueReshares, lockArticle, lockPostsOf, type ArticleRow, type PostRow } from "./store.ts";

/**
 * - not-posted: nothing of it stands yet: a first post is still to be decided about, or a correction would correct nothing
 * - open: one is written already and not decided about; `post` is it
 * - withdrawn: the article is gone, and a link would lead nowhere
 * - disabled: the account posts no more
 */
export type Occasioned =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly code: "gone" | "not-posted" | "open" | "withdrawn" | "disabled"; readonly post?: string };

interface About {
  /** A post about the story on the account: any part of it, on any occasion. */
  readonly postId: string;
  /** Null: a program of the newsroom's. */
  readonly person: string | null;
}

/** Says it once more: another post about the same article on the same account, with a link of its own, that waits. */
export function shareAgain(deps: ComposeDeps, about: About): Promise<Occasioned> {
  return write(deps, about, "reshare");
}

/** A post that corrects another one which is out, or may be: with a link of its own, as an answer where the network can. */
export function writeCorrection(deps: ComposeDeps, about: About): Promise<Occasioned> {
  return write(deps, about, "correction");
}

async function write(deps: ComposeDeps, { postId, person }: About, occasion: "reshare" | "correction"): Promise<Occasioned> {
  return deps.store.transaction(async (db) => {
    const story = await storyOf(db, postId);
    if (!story) return { ok: false, code: "gone" };
    const { article, posts, post } = story;
    if (article.state === "removed") return { ok: false, code: "withdrawn" };
    const first = posts.find((one) => one.occasion === post.occasion && one.round === post.round && one.part === 1) ?? post;
    if (!first.on_its_way) return { ok: false, code: "not-posted" };
    const own = posts.filter((one) => one.occasion === occasion && one.part === 1);
    const open = own.find((one) => isOpen(one) && (occasion === "reshare" || one.reply_to_id === first.id));
    if (open) return { ok: false, code: "open", post: open.id };
    const account = (await claimants(db)).find(({ id }) => id === post.account_id);
    if (!account) return { ok: false, code: "disabled" };
    const round = 1 + Math.max(0, ...own.map((one) => one.round));
    const id = await putPost(
      deps,
      db,
      {
        article,
        account,
        occasion,
        round,
        replyToId: occasion === "correction" ? first.id : null,
        claim: { mode: "review", modeWhy: occasion, priority: "normal" },
        stale: { since: null, afterS: null },
        reshare: null,
      },
      person,
    );
    if (occasion === "correction") await seeVersion(db, first.id, article.version);
    return { ok: true, id };
  });
}

/** No correction is needed: what changed in the article is not offered again. False where there was nothing to offer. */
export async function declineCorrection(store: Store, { postId, person }: About): Promise<boolean> {
  return store.transaction(async (db) => {
    const story = await storyOf(db, postId);
    if (!story || story.post.article_version >= story.article.version) return false;
    const { post, article } = story;
    await seeVersion(db, post.id, article.version);
    await tell(db, { kind: "correction-declined", post: post.id, article: article.id, account: post.account_id, person });
    return true;
  });
}

/** What is out follows its article no more: from here on this version is the one its readers were told of. */
async function seeVersion(db: Db, postId: string, version: number): Promise<void> {
  await db.query("update slugline.post set article_version = greatest(article_version, $2) where id = $1", [postId, version]);
}

/** The posts about a post's article on its account, all locked, with the article. */
async function storyOf(
  db: Db,
  postId: string,
): Promise<{ article: ArticleRow; posts: readonly PostRow[]; post: PostRow } | undefined> {
  const { rows } = await db.query<{ article_id: string }>("select article_id from slugline.post where id = $1", [postId]);
  const article = rows[0] && (await lockArticle(db, rows[0].article_id));
  if (!article) return undefined;
  const all = await lockPostsOf(db, article.id);
  const post = all.find(({ id }) => id === postId);
  return post && { article, post, posts: all.filter(({ account_id }) => account_id === post.account_id) };
}

function isOpen({ state, on_its_way }: PostRow): boolean {
  return !on_its_way && (state === "draft" || state === "waiting" || state === "approved" || state === "held");
}

/**
 * Shares again what its rule says is due: while the article is as it was when it was posted, and no more often than the rule
 * says. Heard from the `post` bell with the article's id; the mark it takes away makes a second ring harmless.
 */
export async function reshareByRule(deps: ComposeDeps, articleId: string): Promise<void> {
  await deps.store.transaction(async (db) => {
    const article = await lockArticle(db, articleId);
    if (!article) return;
    const posts = await lockPostsOf(db, articleId);
    const due = await dueReshares(db, { articleId });
    if (due.length === 0) return;
    const accounts = await claimants(db);
    const taken = claims(article, await rules(db), accounts, { name: article.source, mode: article.source_mode });
    for (const { id, left } of due) {
      await db.query("update slugline.post set reshare_after_s = null where id = $1", [id]);
      const post = posts.find((one) => one.id === id);
      const account = accounts.find((one) => one.id === post?.account_id);
      const claim = taken.find(({ account: name }) => name === account?.name);
      const reshares = posts.filter((one) => one.occasion === "reshare" && one.account_id === post?.account_id);
      // An article that changed, a rule that says so no more, a reshare a person wrote meanwhile: nothing is shared.
      if (!post || !account || !claim?.reshare || article.state === "removed" || article.version > post.article_version) continue;
      if (reshares.some(isOpen)) continue;
      await putPost(deps, db, {
        article,
        account,
        occasion: "reshare",
        round: 1 + Math.max(0, ...reshares.map(({ round }) => round)),
        replyToId: null,
        claim,
        stale: { since: null, afterS: claim.staleAfterS },
        reshare: left > 1 ? { ...claim.reshare, most: left - 1 } : null,
      });
    }
  });
}
