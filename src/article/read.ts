import { reasonOf } from "../lib/fault.ts";
import { say } from "../lib/say.ts";
import { ring } from "../queue/ring.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { contentHash, hasBody, merged, type Item, type Story } from "./article.ts";
import type { Page } from "./page.ts";
import type { Unread } from "./feed.ts";
import { insertChange, lockArticle, putStory, type KnownArticle } from "./store.ts";
import { tellerOf } from "./take.ts";
import { canonicalUrl } from "./url.ts";
import type { WatchDeps } from "./watch.ts";

const PAGE_BYTES = 5 * 1024 * 1024;
const PAGE_MS = 20_000;
/** After so many failures what the source told is taken as it is, and without even a headline the story has failed. */
const TRIES = 4;
const FIRST_WAIT_S = 5;

/**
 * Reads a story: as its source told it where that is the whole story, else from its page. Heard from the `article`
 * bell. A story read again and found changed voids what was decided about its posts.
 */
export async function readArticle(deps: WatchDeps, articleId: string, signal: AbortSignal): Promise<void> {
  const { rows } = await deps.store.query<KnownArticle & { due: boolean }>(
    "select id, source_id, url, given, failures, state = 'seen' and next_at <= slugline.now() as due from slugline.article where id = $1",
    [articleId],
  );
  const article = rows[0];
  if (!article?.due) return;
  const item = tellerOf(article.given, article.source_id)?.item;
  if (!item) return;
  const read = await storyFor(deps, article, item, signal);
  await deps.store.transaction(async (db) => {
    const now = await lockArticle(db, articleId);
    // Told again meanwhile: its bell rings for that.
    if (!now || now.state !== "seen" || JSON.stringify(now.given) !== JSON.stringify(article.given)) return;
    if (read.ok) await take(db, now, read.story);
    else await stumble(db, now, read.why);
  });
}

async function storyFor(deps: WatchDeps, article: KnownArticle, item: Item, signal: AbortSignal): Promise<Page | Unread> {
  const told = await deps.parser.item(item);
  if (hasBody(item)) return told;
  const page = await fetchPage(deps, article.url, signal);
  if (page.ok) return { ok: true, story: merged(told.ok ? told.story : null, page.story, item) };
  // Better a headline and a link than silence, once it is clear that the page will not be read.
  return article.failures + 1 >= TRIES && told.ok && told.story.title !== "" ? told : page;
}

async function fetchPage(deps: WatchDeps, url: string, signal: AbortSignal): Promise<Page | Unread> {
  try {
    const headers = { accept: "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.5" };
    const answer = await deps.outbound.request(url, { headers, redirects: 5, maxBytes: PAGE_BYTES, timeoutMs: PAGE_MS, signal });
    if (answer.status !== 200) return { ok: false, code: "PAGE_STATUS", why: say`The story's page answered ${answer.status}.` };
    return await deps.parser.page(answer.body, answer.headers["content-type"] ?? null, answer.url);
  } catch (error) {
    return { ok: false, code: "PAGE_UNREACHABLE", why: reasonOf(error) };
  }
}

async function take(db: Db, article: KnownArticle, story: Story): Promise<void> {
  if (await isDuplicate(db, article, story)) return;
  const hash = contentHash(story, article);
  const first = article.content_hash === null;
  const restored = article.removed_at !== null;
  const version = (first || hash === article.content_hash) && !restored ? article.version : article.version + 1;
  await putStory(db, article.id, story, version, hash);
  if (version !== article.version) {
    const before = { title: article.title, summary: article.summary, body: article.body };
    await insertChange(db, article.id, restored ? "restored" : "edited", version, before);
  }
  const kind = first ? "article-ready" : version === article.version ? null : restored ? "article-restored" : "article-edited";
  if (kind) await tell(db, { kind, article: article.id, source: article.source_id, data: { title: story.title, version } });
  await ring(db, "post", article.id);
}

/** A page that calls another story's address its own is that story. A home page is nobody's address. */
async function isDuplicate(db: Db, article: KnownArticle, story: Story): Promise<boolean> {
  const canonical = story.canonical === null ? null : canonicalUrl(story.canonical);
  if (canonical === null || article.content_hash !== null || new URL(canonical).pathname === "/") return false;
  // Also where another story once had it.
  if (canonical === article.canonical_url) return false;
  const { rows } = await db.query<{ id: string }>(
    "select id from slugline.article where (canonical_url = $1 or (also @> array[$1] and also <> '{}')) and id <> $2 and state <> 'duplicate'",
    [canonical, article.id],
  );
  if (!rows[0]) return false;
  await db.query("update slugline.article set state = 'duplicate', duplicate_of = $2, read_at = slugline.now() where id = $1", [
    article.id,
    rows[0].id,
  ]);
  await tell(db, { kind: "article-duplicate", article: article.id, source: article.source_id, data: { of: rows[0].id } });
  return true;
}

async function stumble(db: Db, article: KnownArticle, why: string): Promise<void> {
  const failures = article.failures + 1;
  const failed = failures > TRIES;
  await db.query(
    `update slugline.article set failures = $2, error = $3, state = case when $4 then 'failed' else state end,
            next_at = slugline.now() + make_interval(secs => $5) where id = $1`,
    [article.id, failures, why, failed, FIRST_WAIT_S * 4 ** Math.min(failures - 1, 5)],
  );
  if (failed) await tell(db, { kind: "article-failed", article: article.id, source: article.source_id, data: { why } });
}
