import { POST_STATES, type PostState } from "../../post/post.ts";
import type { Page } from "../read/cursor.ts";
import type { AttemptLine, DeliveryLine } from "../read/deliveries.ts";
import type { DecisionLine, PostLine, RevisionLine } from "../read/posts.ts";
import { Badge, Empty, Older, Out, When } from "../parts/bits.tsx";
import { Desk, type DeskProps } from "../parts/desk.tsx";
import { Layout, type Frame } from "../parts/layout.tsx";
import { PostRow } from "../parts/lines.tsx";
import { Reason, Remark, ruleName } from "../parts/reason.tsx";
import { Stuck } from "../parts/troubles.tsx";

/** Posts in one state. */
export function PostsPage({ frame, state, page }: { frame: Frame; state: PostState; page: Page<PostLine> }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("posts.title")}</h1>
        <nav class="tabs" aria-label={v.t("posts.states")}>
          {POST_STATES.filter((one) => one !== "draft").map((one) => (
            <a href={`/posts?state=${one}`} {...(one === state ? { "aria-current": "page" } : {})}>
              {v.t(`state.${one}`)}
            </a>
          ))}
        </nav>
        {page.items.length === 0 ? <Empty title={v.t("posts.empty")} /> : null}
        <ul class="lines">
          {page.items.map((post) => (
            <PostRow v={v} post={post} />
          ))}
        </ul>
        <Older v={v} path={`/posts?state=${state}`} next={page.next} />
      </div>
    </Layout>
  );
}

export interface PostProps {
  readonly desk: Omit<DeskProps, "v">;
  readonly revisions: readonly RevisionLine[];
  readonly decisions: readonly DecisionLine[];
  readonly deliveries: readonly DeliveryLine[];
  readonly attempts: readonly AttemptLine[];
}

/** One post with all that became of it: texts, decisions, sending. */
export function PostPage({ frame, post }: { frame: Frame; post: PostProps }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      {/* Decided from here, the queue opens: whole pages, not fragments of this one. */}
      <div class="two" hx-ignore="true">
        <Desk v={v} {...post.desk} detailed />
        <div class="sheet">
          <h2>{v.t("post.sending")}</h2>
          {post.deliveries.length === 0 ? <p class="why">{v.t("post.notSent")}</p> : null}
          {post.deliveries.map((one) => (
            <Sending frame={frame} delivery={one} attempts={post.attempts} />
          ))}
          <h2>{v.t("post.decisions")}</h2>
          <ol class="events">
            {post.decisions.map((one) => (
              <li class="event">
                <span class="event-at">
                  <When v={v} at={one.at} />
                </span>
                <span>
                  {v.t(`decision.${one.kind}`, { who: one.rule ? ruleName(v, one.by) : one.by, revision: one.revision })}
                  {one.rule ? <Badge tone="auto">{v.t("badge.auto")}</Badge> : null}
                  {one.until ? (
                    <>
                      {" "}
                      {v.t("posts.until")} <When v={v} at={one.until} />
                    </>
                  ) : null}
                  {one.why === null ? null : (
                    <>
                      {" "}
                      <Remark v={v} why={one.why} />
                    </>
                  )}
                </span>
              </li>
            ))}
          </ol>
          <h2>{v.t("post.revisions")}</h2>
          <ol class="revisions">
            {post.revisions.map((one) => (
              <li>
                <p class="why">
                  {one.writer === null
                    ? v.t("post.revision.voice", { revision: one.revision })
                    : v.t("post.revision.person", { revision: one.revision, who: one.writer })}{" "}
                  <When v={v} at={one.at} />
                </p>
                <blockquote dir={one.dir} {...(one.lang === null ? {} : { lang: one.lang })}>
                  {one.text}
                </blockquote>
              </li>
            ))}
          </ol>
        </div>
      </div>
    </Layout>
  );
}

function Sending({
  frame: { v },
  delivery,
  attempts,
}: {
  frame: Frame;
  delivery: DeliveryLine;
  attempts: readonly AttemptLine[];
}) {
  const needsPerson = delivery.state === "asked" || delivery.state === "refused" || delivery.state === "locked-out";
  return (
    <>
      {needsPerson ? (
        <Stuck v={v} delivery={delivery} />
      ) : (
        <p>
          <Badge tone={delivery.state === "posted" ? "good" : "quiet"}>{v.t(`delivery.${delivery.state}`)}</Badge>{" "}
          {v.t(`delivery.${delivery.state}.told`)} <When v={v} at={delivery.posted_at ?? delivery.updated_at} />{" "}
          {delivery.state === "due" && delivery.why !== null ? (
            <>
              <Reason v={v} why={delivery.why} /> {delivery.next_at > v.now ? <When v={v} at={delivery.next_at} /> : null}{" "}
            </>
          ) : null}
          {delivery.remote_url === null ? null : <Out href={delivery.remote_url}>{v.t("post.see")}</Out>}
        </p>
      )}
      <ol class="events">
        {attempts
          .filter((one) => one.delivery_id === delivery.id)
          .map((one) => (
            <li class="event">
              <span class="event-at">
                <When v={v} at={one.began_at} />
              </span>
              <span>
                {v.t(`attempt.${one.kind}`, {
                  outcome: one.outcome === null ? v.t("attempt.open") : v.t(`outcome.${one.outcome}`),
                })}{" "}
                {one.why === null ? null : <Reason v={v} why={one.why} />}
              </span>
            </li>
          ))}
      </ol>
    </>
  );
}
