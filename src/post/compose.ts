import { newId } from "../lib/id.ts";
import type { Limits } from "../lib/text/limits.ts";
import { shortUrlOf } from "../link/link.ts";
import { shorten } from "../link/shorten.ts";
import { claims, type Claim } from "../newsroom/rules.ts";
import { claimants, rules, type Claimant } from "../newsroom/store.ts";
import { ring } from "../queue/ring.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { lockArticle, type ArticleRow } from "./article.ts";
import { nextPost } from "./post.ts";
import { hashOf } from "./revision.ts";
import { insertRevision, lockPostsOf, movePost, revisionOf, type PostRow } from "./store.ts";
import { picturesOf } from "./picture.ts";
import { targetOf } from "./target.ts";
import { textOf } from "./text.ts";

export interface ComposeDeps {
  readonly store: Store;
  readonly shortUrl: string;
  usualLimits(network: string): Limits;
}

/**
 * Writes the posts of an article, one for each account that the rules give it; after a change of the article, writes
 * them anew and voids what was decided about the old ones; after its withdrawal, holds them. Heard from the `post`
 * bell; `composed_version` makes a second ring harmless.
 */
export async function composeArticle(deps: ComposeDeps, articleId: string): Promise<void> {
  await deps.store.transaction(async (db) => {
    const article = await lockArticle(db, articleId);
    if (!article || article.composed_version >= article.version) return;
    const posts = await lockPostsOf(db, articleId);
    if (article.state === "removed") for (const post of posts) await withdraw(db, post);
    else await writeAll(deps, db, article, posts);
    await db.query("update slugline.article set composed_version = version where id = $1", [articleId]);
  });
}

async function writeAll(deps: ComposeDeps, db: Db, article: ArticleRow, posts: readonly PostRow[]): Promise<void> {
  const accounts = await claimants(db);
  const taken = claims(article, await rules(db), accounts, { name: article.source, mode: article.source_mode });
  for (const claim of taken) {
    const account = accounts.find(({ name }) => name === claim.account);
    if (!account) continue;
    const post = posts.find(({ account_id }) => account_id === account.id);
    if (post) await rewrite(deps, db, article, account, post);
    else await writeFirst(deps, db, article, account, claim);
  }
  const unclaimed = taken.length === 0 && posts.length === 0;
  await db.query("update slugline.article set unclaimed = $2 where id = $1 and unclaimed <> $2", [article.id, unclaimed]);
  if (unclaimed) await tell(db, { kind: "article-unclaimed", article: article.id, source: article.source_id });
}

async function writeFirst(deps: ComposeDeps, db: Db, article: ArticleRow, account: Claimant, claim: Claim): Promise<void> {
  const id = newId();
  const facts = { network: account.network, account: account.name, lang: article.lang ?? "", source: article.source };
  const target = targetOf(article.url, account.voice, facts);
  const link = await shorten(db, { target, articleId: article.id, placement: `post:${id}` });
  await db.query(
    `insert into slugline.post
       (id, article_id, account_id, state, mode, mode_why, priority, article_version, link_id, not_after)
     values ($1, $2, $3, 'draft', $4, $5, $6, $7, $8,
             coalesce($9::timestamptz, slugline.now()) + make_interval(secs => $10::float8))`,
    [
      id,
      article.id,
      account.id,
      claim.mode,
      claim.modeWhy,
      claim.priority,
      article.version,
      link.id,
      newestOf(article),
      claim.staleAfterS,
    ],
  );
  await insertRevision(db, { postId: id, revision: 1, writtenBy: null, ...textFor(deps, article, account, link.code) });
  await movePost(db, id, "waiting");
  await tell(db, { kind: "post-composed", post: id, article: article.id, account: account.id, data: { mode: claim.mode } });
  if (claim.mode === "auto") await ring(db, "review", id);
}

/** News grows old from when it was published; what is embargoed, from when it may be. */
function newestOf(article: ArticleRow): Date | null {
  const times = [article.published_at, article.embargo_until].filter((time) => time !== null);
  return times.length === 0 ? null : new Date(Math.max(...times.map((time) => time.getTime())));
}

/** The article changed: the voice writes again; a person's own text stays, and waits to be looked at again. */
async function rewrite(deps: ComposeDeps, db: Db, article: ArticleRow, account: Claimant, post: PostRow): Promise<void> {
  const to = nextPost(post.state, "article-changed", post.on_its_way);
  const old = await revisionOf(db, post.id, post.revision);
  if (!to || !old) {
    return tell(db, {
      kind: "post-outdated",
      post: post.id,
      article: article.id,
      account: account.id,
      data: { state: post.state },
    });
  }
  const { rows } = await db.query<{ code: string }>("select code from slugline.link where id = $1", [post.link_id]);
  const voice = textFor(deps, article, account, rows[0]?.code ?? "");
  const next = old.written_by
    ? { ...voice, text: old.text, media: old.media, why: ["the article changed under a person's text"] }
    : voice;
  const hash = hashOf(next);
  await db.query("update slugline.post set article_version = $2 where id = $1", [post.id, article.version]);
  if (hash === old.hash && !old.written_by) return;
  const revision = post.revision + 1;
  await insertRevision(db, { postId: post.id, revision, writtenBy: old.written_by, ...next, hash });
  await db.query("update slugline.post set revision = $2, not_before = null where id = $1", [post.id, revision]);
  if (to !== post.state) await movePost(db, post.id, to);
  await tell(db, {
    kind: "post-rewritten",
    post: post.id,
    article: article.id,
    account: account.id,
    data: { revision, before: post.state },
  });
  await ring(db, "delivery", post.id);
  await ring(db, "review", post.id);
}

async function withdraw(db: Db, post: PostRow): Promise<void> {
  const to = nextPost(post.state, "withdrawn", post.on_its_way);
  if (!to) return;
  await movePost(db, post.id, to);
  await tell(db, { kind: "post-withdrawn", post: post.id, article: post.article_id, account: post.account_id });
  await ring(db, "delivery", post.id);
}

function textFor(deps: ComposeDeps, article: ArticleRow, account: Claimant, code: string) {
  const limits = account.limits ?? deps.usualLimits(account.network);
  const { text, lang, dir, why } = textOf(article, account.voice, limits, shortUrlOf(deps.shortUrl, code));
  const media = picturesOf(article, account.settings["picture"] === "attach");
  const sent = { text, lang, media, sensitive: false, spoiler: null };
  return { ...sent, dir, why, hash: hashOf(sent) };
}
