import { newId } from "../lib/id.ts";
import type { Limits } from "../lib/text/limits.ts";
import { shortUrlOf } from "../link/link.ts";
import { shorten } from "../link/shorten.ts";
import type { Claim } from "../newsroom/rules.ts";
import type { Claimant } from "../newsroom/store.ts";
import { ring } from "../queue/ring.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { insertPart, takeOut } from "./parts.ts";
import { nextParts, type Occasion, type PostState } from "./post.ts";
import { cardOf, picturesOf } from "./picture.ts";
import { hashOf, wordsHashOf } from "./revision.ts";
import {
  insertRevision,
  movePost,
  renew,
  revisionOf,
  type ArticleRow,
  type NewRevision,
  type PostRow,
  type RevisionRow,
} from "./store.ts";
import { targetOf } from "./target.ts";
import { threadOf } from "./text.ts";

export interface ComposeDeps {
  readonly store: Store;
  readonly shortUrl: string;
  usualLimits(network: string): Limits;
}

/** What one account is to say about one article on one occasion. */
export interface NewPost {
  readonly article: ArticleRow;
  readonly account: Claimant;
  readonly occasion: Occasion;
  readonly round: number;
  /** What a correction answers. */
  readonly replyToId: string | null;
  readonly claim: Pick<Claim, "mode" | "modeWhy" | "priority">;
  /** From when on its age counts (null: now), and how old it may grow. */
  readonly stale: { readonly since: Date | null; readonly afterS: number | null };
  /** Shared again by rule. */
  readonly reshare: { readonly afterS: number; readonly most: number } | null;
}

/** What the history calls it. */
const TOLD: Readonly<Record<Occasion, string>> = {
  first: "post-composed",
  reshare: "reshare-written",
  correction: "correction-written",
};

/** Writes a post, with the parts its voice makes of it, and answers part 1's id: it waits, or its bell rings where no person decides. */
export async function putPost(deps: ComposeDeps, db: Db, it: NewPost, person: string | null = null): Promise<string> {
  const ids: string[] = [];
  const idOf = (part: number) => (ids[part - 1] ??= newId());
  const texts = await textsFor(deps, db, it, idOf);
  const first = idOf(1);
  await db.query(
    `insert into slugline.post
       (id, article_id, account_id, occasion, round, reply_to_id, state, mode, mode_why, priority, article_version, link_id,
        reshare_after_s, reshares_left, not_after)
     values ($1, $2, $3, $4, $5, $6, 'draft', $7, $8, $9, $10, $11, $12, $13,
             coalesce($14::timestamptz, slugline.now()) + make_interval(secs => $15::float8))`,
    [
      first,
      it.article.id,
      it.account.id,
      it.occasion,
      it.round,
      it.replyToId,
      it.claim.mode,
      it.claim.modeWhy,
      it.claim.priority,
      it.article.version,
      texts[0]!.linkId,
      it.reshare?.afterS ?? null,
      it.reshare?.most ?? null,
      it.stale.since,
      it.stale.afterS,
    ],
  );
  await putParts(db, texts, idOf);
  const data = { mode: it.claim.mode, ...(it.occasion === "first" ? {} : { occasion: it.occasion, round: it.round }) };
  await tell(db, {
    kind: TOLD[it.occasion],
    post: first,
    article: it.article.id,
    account: it.account.id,
    person,
    data,
  });
  if (it.claim.mode === "auto") await ring(db, "review", first);
  return first;
}

/** The revisions of a post's parts, and the rows of those after the first. */
async function putParts(db: Db, texts: readonly Text[], idOf: (part: number) => string): Promise<void> {
  for (const [at, text] of texts.entries()) {
    const id = idOf(at + 1);
    if (at > 0) await insertPart(db, { id, after: idOf(at), part: at + 1, linkId: text.linkId });
    await insertRevision(db, { ...text, postId: id, revision: 1, writtenBy: null });
    await movePost(db, id, "waiting");
  }
}

/**
 * The article changed. A thread that is not on its way is written again by the voice; what a person wrote, or made of its
 * parts, stays. Either way it waits to be looked at again. Of one whose first parts are out the others wait as they are.
 */
export async function rewrite(
  deps: ComposeDeps,
  db: Db,
  { article, account, thread }: { readonly article: ArticleRow; readonly account: Claimant; readonly thread: readonly PostRow[] },
): Promise<void> {
  const [first] = thread;
  if (!first) return;
  const about = { post: first.id, article: article.id, account: account.id };
  const moving = nextParts(thread, "article-changed");
  const ids = moving.map(({ part }) => part.id);
  if (first.on_its_way) await tell(db, { kind: "post-outdated", ...about, data: { state: first.state } });
  if (moving.length === 0) return;
  if (moving.length < thread.length) await renew(db, ids);
  else if (!(await rewriteTexts(deps, db, { article, account, thread, to: moving[0]!.to }))) return;
  for (const { part, to } of moving) {
    await db.query("update slugline.post set not_before = null where id = $1", [part.id]);
    if (to !== part.state) await movePost(db, part.id, to);
    await ring(db, "delivery", part.id);
    await ring(db, "review", part.id);
  }
  await tell(db, { kind: "post-rewritten", ...about, data: { revision: first.revision + 1, before: first.state } });
}

/** False where the voice makes of the changed article what it made before. */
async function rewriteTexts(
  deps: ComposeDeps,
  db: Db,
  it: { readonly article: ArticleRow; readonly account: Claimant; readonly thread: readonly PostRow[]; readonly to: PostState },
): Promise<boolean> {
  const { article, account, thread, to } = it;
  const [{ occasion, round }] = thread as [PostRow];
  const ids = thread.map(({ id }) => id);
  const idOf = (part: number) => (ids[part - 1] ??= newId());
  const voice = await textsFor(deps, db, { article, account, occasion, round }, idOf);
  const olds = await revisionsOf(db, thread);
  const byPerson = thread[0]?.mode_why === "edited" || olds.some(({ written_by }) => written_by !== null);
  const limits = limitsOf(deps, account);
  const texts = byPerson ? olds.map((old, at) => keptText(old, at === 0 ? voice[0]! : undefined, limits)) : voice;
  await db.query("update slugline.post set article_version = $2 where id = any($1::uuid[])", [
    thread.map(({ id }) => id),
    article.version,
  ]);
  if (!byPerson && texts.length === olds.length && texts.every(({ hash }, at) => hash === olds[at]?.hash)) return false;
  for (const [at, text] of texts.entries()) {
    const [part, id] = [thread[at], idOf(at + 1)];
    const revision = (part?.revision ?? 0) + 1;
    if (!part) await insertPart(db, { id, after: idOf(at), part: at + 1, linkId: text.linkId });
    await insertRevision(db, { ...text, postId: id, revision, writtenBy: byPerson ? (olds[at]?.written_by ?? null) : null });
    if (!part) await movePost(db, id, to);
    else if (byPerson) await db.query("update slugline.post set revision = $2 where id = $1", [id, revision]);
    else await db.query("update slugline.post set revision = $2, link_id = $3 where id = $1", [id, revision, text.linkId]);
  }
  for (const part of thread.slice(texts.length).toReversed()) await takeOut(db, thread, part);
  return true;
}

async function revisionsOf(db: Db, thread: readonly PostRow[]): Promise<RevisionRow[]> {
  const found: RevisionRow[] = [];
  for (const { id, revision } of thread) {
    const one = await revisionOf(db, id, revision);
    if (one) found.push(one);
  }
  return found;
}

type Text = Omit<NewRevision, "postId" | "revision" | "writtenBy"> & { readonly linkId: string | null };

/** What a person wrote stays as they wrote it; the story's card follows the story. */
function keptText(old: RevisionRow, voice: Text | undefined, limits: Limits): Text {
  const { text, lang, dir, media, sensitive, spoiler } = old;
  const sent = { text, lang, media, card: voice ? voice.card : old.card, sensitive, spoiler };
  const why = ["the article changed under a person's text"];
  return { ...sent, dir, why, hash: hashOf(sent), wordsHash: wordsHashOf(text, limits), linkId: null };
}

function limitsOf(deps: ComposeDeps, account: Claimant): Limits {
  return account.limits ?? deps.usualLimits(account.network);
}

/** A post's text and those of its parts; each with a link where its text asks for one and its account posts with links. */
async function textsFor(
  deps: ComposeDeps,
  db: Db,
  { article, account, occasion, round }: Pick<NewPost, "article" | "account" | "occasion" | "round">,
  idOf: (part: number) => string,
): Promise<Text[]> {
  const limits = limitsOf(deps, account);
  const { network, voice } = account;
  const facts = { network, account: account.name, lang: article.lang ?? "", source: article.source };
  const target = targetOf(article.url, voice, facts);
  const linkIds = new Map<string, string>();
  const parts = await threadOf(article, { network, voice, limits, occasion, round }, async (part) => {
    if (account.settings["link"] === "none") return null;
    const made = await shorten(db, { target, articleId: article.id, placement: `post:${idOf(part)}` });
    const url = shortUrlOf(deps.shortUrl, made.code);
    linkIds.set(url, made.id);
    return url;
  });
  return parts.map(({ text, lang, dir, spoiler, why, link }, at) => {
    const media = at === 0 ? picturesOf(article, account.settings["picture"] === "attach") : [];
    const sent = { text, lang, media, card: cardOf(article, link), sensitive: article.sensitive && at === 0, spoiler };
    const linkId = link === null ? null : (linkIds.get(link) ?? null);
    return { ...sent, dir, why, hash: hashOf(sent), wordsHash: wordsHashOf(text, limits), linkId };
  });
}
