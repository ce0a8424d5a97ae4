import type { Article, ArticleLine, ChangeLine } from "../read/articles.ts";
import type { Page } from "../read/cursor.ts";
import type { EventLine } from "../read/history.ts";
import type { LinkLine } from "../read/links.ts";
import type { PostLine } from "../read/posts.ts";
import { Ago, Badge, Empty, Older, Out, When } from "../parts/bits.tsx";
import { Layout, type Frame } from "../parts/layout.tsx";
import { EventRow, LinkRow, PostRow } from "../parts/lines.tsx";
import { Reason } from "../parts/reason.tsx";

/** The stories found, the latest first. */
export function ArticlesPage({ frame, page }: { frame: Frame; page: Page<ArticleLine> }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("articles.title")}</h1>
        {page.items.length === 0 ? <Empty title={v.t("articles.empty")}>{v.t("articles.empty.more")}</Empty> : null}
        <ul class="lines">
          {page.items.map((one) => (
            <li class="line" id={`article-${one.id}`}>
              <div class="line-body">
                <p class="headline" dir={one.dir ?? "auto"} {...(one.lang === null ? {} : { lang: one.lang })}>
                  <a href={`/articles/${one.id}`}>{one.title || one.url}</a>
                </p>
                <p class="why">
                  <bdi>{one.source}</bdi> · <Ago v={v} at={one.first_seen_at} /> · {v.t("articles.posts", { count: one.posts })}
                  {one.error === null ? null : (
                    <>
                      {" · "}
                      <Reason v={v} why={one.error} />
                    </>
                  )}
                </p>
              </div>
              <p class="badges">
                {one.lang === null ? null : <Badge>{v.language(one.lang)}</Badge>}
                <ArticleState frame={frame} state={one.state} unclaimed={one.unclaimed} />
              </p>
            </li>
          ))}
        </ul>
        <Older v={v} path="/articles" next={page.next} />
      </div>
    </Layout>
  );
}

function ArticleState({ frame: { v }, state, unclaimed }: { frame: Frame; state: string; unclaimed: boolean }) {
  if (unclaimed && state === "ready") return <Badge tone="warn">{v.t("article.unclaimed")}</Badge>;
  const bad = state === "failed" || state === "held" || state === "removed";
  return <Badge tone={bad ? "warn" : "quiet"}>{v.t(`article.${state}`)}</Badge>;
}

export interface ArticleProps {
  readonly article: Article;
  readonly posts: readonly PostLine[];
  readonly links: readonly LinkLine[];
  readonly changes: readonly ChangeLine[];
  readonly events: readonly EventLine[];
}

/** One story, its posts and links, and what happened to it. */
export function ArticlePage({ frame, it }: { frame: Frame; it: ArticleProps }) {
  const { v } = frame;
  const { article } = it;
  return (
    <Layout {...frame}>
      <div class="two">
        <article class="story" dir={article.dir ?? "auto"} {...(article.lang === null ? {} : { lang: article.lang })}>
          <p class="kicker" dir={v.dir} lang={v.lang}>
            <bdi>{article.source}</bdi>
            {article.published_at ? (
              <>
                {" · "}
                <When v={v} at={article.published_at} />
              </>
            ) : null}{" "}
            <ArticleState frame={frame} state={article.state} unclaimed={article.unclaimed} />
          </p>
          <h1>{article.title || article.url}</h1>
          {article.authors.length > 0 ? (
            <p class="byline" dir={v.dir} lang={v.lang}>
              {v.list(article.authors)}
            </p>
          ) : null}
          {article.image_url === null ? null : (
            <img src={article.image_url} alt={article.image_alt ?? ""} loading="lazy" referrerpolicy="no-referrer" />
          )}
          {article.summary ? <p class="standfirst">{article.summary}</p> : null}
          {article.body.map((paragraph) => (
            <p>{paragraph}</p>
          ))}
          <p class="kicker" dir={v.dir} lang={v.lang}>
            <Out href={article.url}>{v.t("story.original")}</Out>
          </p>
        </article>
        <div class="sheet">
          {article.error === null ? null : (
            <p class="notice bad">
              <Reason v={v} why={article.error} />
            </p>
          )}
          <h2>{v.t("article.posts")}</h2>
          {it.posts.length === 0 ? (
            <p class="why">{v.t(article.unclaimed ? "article.unclaimed.why" : "article.noPosts")}</p>
          ) : null}
          <ul class="lines">
            {it.posts.map((post) => (
              <PostRow v={v} post={post} />
            ))}
          </ul>
          <h2>{v.t("article.links")}</h2>
          <ul class="lines">
            {it.links.map((link) => (
              <LinkRow v={v} link={link} />
            ))}
          </ul>
          {it.changes.length > 0 ? <h2>{v.t("article.changes")}</h2> : null}
          <ol class="events">
            {it.changes.map((one) => (
              <li class="event">
                <span class="event-at">
                  <When v={v} at={one.at} />
                </span>
                <span>{v.t(`article.change.${one.kind}`, { version: one.version })}</span>
              </li>
            ))}
          </ol>
          <h2>{v.t("nav.history")}</h2>
          <ol class="events">
            {it.events.map((event) => (
              <EventRow v={v} event={event} />
            ))}
          </ol>
        </div>
      </div>
    </Layout>
  );
}
