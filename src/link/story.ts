import { canonicalUrl, cleanUrl } from "../article/url.ts";
import type { Db, Store } from "../store/db.ts";
import { targetProblem, type LinkState, type TargetRules } from "./link.ts";
import { makeLive, shorten } from "./shorten.ts";

/** Where a story's own link may stand: `story`, `print`, `newsletter`, ...; never a post's (`post:<id>`). */
export const PLACEMENT = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * - target: no link may lead there (`why`)
 * - stranger: neither a story we know nor on the site's own host
 * - withdrawn: the story was taken back
 * - retired: this placement's link was ended; a code is never given again
 */
export type StoryLink =
  | { readonly ok: true; readonly id: string; readonly made: boolean }
  | { readonly ok: false; readonly code: "target" | "stranger" | "withdrawn" | "retired"; readonly why?: string };

/**
 * Gets or makes the link of a story at one of its own placements, live at once, since its page is about to show it. The
 * same address and placement give the same link, also where the story becomes known only later.
 */
export async function storyLink(
  store: Store,
  it: { readonly url: string; readonly placement: string },
  rules: TargetRules,
): Promise<StoryLink> {
  const why = targetProblem(it.url, rules);
  const canonical = why === null ? canonicalUrl(it.url) : null;
  if (canonical === null) return { ok: false, code: "target", why: why ?? "This is not a web address." };
  return store.transaction(async (db) => {
    // Asked for twice at once, it is made once.
    await db.query("select pg_advisory_xact_lock(hashtextextended($1, 6))", [`${it.placement} ${canonical}`]);
    const article = await articleAt(db, canonical);
    const there = await linkAt(db, canonical, article?.id ?? null, it.placement);
    if (there?.state === "retired") return { ok: false, code: "retired" };
    if (there) {
      await makeLive(db, there.id);
      if (article && there.article_id === null) await adopt(db, there.id, article.id, it.placement);
      return { ok: true, id: there.id, made: false };
    }
    if (article?.state === "removed") return { ok: false, code: "withdrawn" };
    if (!article && new URL(canonical).host !== (await siteHost(db))) return { ok: false, code: "stranger" };
    const target = article?.url ?? cleanUrl(it.url) ?? canonical;
    const made = await shorten(db, { target, articleId: article?.id ?? null, placement: it.placement, storyUrl: canonical });
    await makeLive(db, made.id);
    return { ok: true, id: made.id, made: true };
  });
}

interface Known {
  readonly id: string;
  readonly url: string;
  readonly state: string;
}

/** The story at this address, or that moved from it; of one that turned out to be another, that other. */
async function articleAt(db: Db, canonical: string): Promise<Known | undefined> {
  const { rows } = await db.query<Known>(
    `select id, url, state from slugline.article where canonical_url = $1 and state <> 'duplicate'
     union all
     select id, url, state from slugline.article where also @> array[$1] and also <> '{}' and state <> 'duplicate'
     union all
     select s.id, s.url, s.state from slugline.article r join slugline.article s on s.id = r.duplicate_of
      where r.canonical_url = $1 and r.state = 'duplicate'
     limit 1`,
    [canonical],
  );
  return rows[0];
}

/** The news site's own host, as newsroom.yaml last said: a story there may have its link before we know the story. */
async function siteHost(db: Db): Promise<string | undefined> {
  const { rows } = await db.query<{ url: string | null }>("select site->>'url' as url from slugline.newsroom");
  return URL.parse(rows[0]?.url ?? "")?.host;
}

async function linkAt(
  db: Db,
  canonical: string,
  articleId: string | null,
  placement: string,
): Promise<{ id: string; state: LinkState; article_id: string | null } | undefined> {
  const { rows } = await db.query<{ id: string; state: LinkState; article_id: string | null }>(
    `select id, state, article_id from slugline.link where story_url = $1 and placement = $3
     union all
     select id, state, article_id from slugline.link where article_id = $2 and placement = $3
     limit 1`,
    [canonical, articleId, placement],
  );
  return rows[0];
}

/** A link made before its story was known becomes the story's, unless the story has one there already. */
async function adopt(db: Db, linkId: string, articleId: string, placement: string): Promise<void> {
  await db.query(
    `update slugline.link set article_id = $2 where id = $1
       and not exists (select from slugline.link where article_id = $2 and placement = $3)`,
    [linkId, articleId, placement],
  );
}
