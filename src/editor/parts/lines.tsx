import type { EventLine } from "../read/history.ts";
import type { LinkLine } from "../read/links.ts";
import type { PostLine } from "../read/posts.ts";
import type { Args } from "../messages.ts";
import type { View } from "../view.ts";
import { decides } from "./why-not.tsx";
import { Ago, Avatar, Badge, When } from "./bits.tsx";
import { Reason, Remark, ruleName } from "./reason.tsx";

/** A post as one line of a list, with the way back while there is one. */
export function PostRow({ v, post }: { v: View; post: PostLine }) {
  const back =
    post.state !== "waiting" && post.state !== "draft" && (post.delivery_state === null || post.delivery_state === "due");
  return (
    <li class="line" id={`post-${post.id}`}>
      <Avatar name={post.account} />
      <div class="line-body">
        <p class="line-head">
          <b>
            <bdi>{post.account}</bdi>
          </b>{" "}
          <Badge tone={TONES[post.delivery_state ?? post.state] ?? "quiet"}>
            {post.delivery_state === null ? v.t(`state.${post.state}`) : v.t(`delivery.${post.delivery_state}`)}
          </Badge>{" "}
          <Ago v={v} at={post.updated_at} />
        </p>
        <p class="clip" dir={post.dir} {...(post.lang === null ? {} : { lang: post.lang })}>
          <a href={post.state === "waiting" ? `/?post=${post.id}` : `/posts/${post.id}`}>{post.text}</a>
        </p>
        {post.decided_by === null ? null : (
          <p class="why">
            {v.t("posts.decidedBy", { who: ruleName(v, post.decided_by) })}
            {post.why === null ? null : (
              <>
                {" · "}
                <Remark v={v} why={post.why} />
              </>
            )}
            {post.until ? (
              <>
                {" · "}
                {v.t("posts.until")} <When v={v} at={post.until} />
              </>
            ) : null}
          </p>
        )}
      </div>
      {back && decides(v, post.account_id) ? (
        <form method="post" action={`/posts/${post.id}/release`}>
          <button>{v.t("act.release")}</button>
        </form>
      ) : null}
    </li>
  );
}

const TONES: Readonly<Record<string, "good" | "warn" | "bad">> = {
  posted: "good",
  approved: "good",
  asked: "bad",
  refused: "bad",
  "locked-out": "bad",
  unknown: "warn",
  held: "warn",
};

/** A link with its clicks: people first, machines beside. */
export function LinkRow({ v, link }: { v: View; link: LinkLine }) {
  const url = `${v.shortUrl}/${link.code}`;
  return (
    <li class="line" id={`link-${link.id}`}>
      <p class="clicks">
        <b>{v.number(link.clicks)}</b>
        <span>{v.t("links.clicks", { count: link.clicks })}</span>
      </p>
      <div class="line-body">
        <p class="line-head">
          {link.state === "live" ? (
            <a href={url} target="_blank" rel="noopener noreferrer" dir="ltr">
              {url.replace(/^https?:\/\//, "")}
            </a>
          ) : (
            <bdi dir="ltr">{url.replace(/^https?:\/\//, "")}</bdi>
          )}{" "}
          <Badge tone={link.state === "live" ? "good" : "quiet"}>{v.t(`link.${link.state}`)}</Badge>{" "}
          {link.account === null ? null : (
            <Badge>
              <bdi>{link.account}</bdi>
            </Badge>
          )}
        </p>
        <p class="clip" dir={link.dir ?? "auto"} {...(link.lang === null ? {} : { lang: link.lang })}>
          {link.article_id === null ? link.target : <a href={`/articles/${link.article_id}`}>{link.title || link.target}</a>}
        </p>
      </div>
      <p class="why">{link.machines > 0 ? v.t("links.machines", { count: link.machines }) : ""}</p>
    </li>
  );
}

/** One thing that happened, as a sentence. */
export function EventRow({ v, event }: { v: View; event: EventLine }) {
  const known = v.has(`history.${event.kind}`);
  const args: Args = {
    who: event.person ?? text(event.data["by"]) ?? ruleOf(v, event) ?? v.t("history.nobody"),
    account: event.account ?? "",
    source: event.source ?? "",
    host: text(event.data["host"]) ?? "",
    whom: text(event.data["whom"]) ?? "",
    kind: event.kind,
  };
  const where = event.post_id ? `/posts/${event.post_id}` : event.article_id ? `/articles/${event.article_id}` : null;
  const why = text(event.data["why"]);
  return (
    <li class="event">
      <span class="event-at">
        <When v={v} at={event.at} />
      </span>
      <span>
        {v.t(known ? `history.${event.kind}` : "history.other", args)}
        {why === undefined ? null : <> {event.person === null ? <Reason v={v} why={why} /> : <Remark v={v} why={why} />}</>}
        {where === null ? null : (
          <a class="event-on" href={where} dir="auto" {...(event.title_lang === null ? {} : { lang: event.title_lang })}>
            {event.title || v.t("history.look")}
          </a>
        )}
      </span>
    </li>
  );
}

function ruleOf(v: View, event: EventLine): string | undefined {
  const rule = text(event.data["rule"]);
  return rule === undefined ? undefined : ruleName(v, rule);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
