import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { JSX } from "hono/jsx/jsx-runtime";
import { may } from "../newsroom/person.ts";
import { troubles } from "../health/health.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";
import { frameOf, viewOf } from "./frame.ts";
import { PostPage } from "./pages/posts.tsx";
import { ProblemPage } from "./pages/problem.tsx";
import { QueuePage } from "./pages/queue.tsx";
import type { DeskProps } from "./parts/desk.tsx";
import { cardOf, type Card } from "./read/card.ts";
import { attemptsOf, deliveriesOf, stuckDeliveries } from "./read/deliveries.ts";
import { decisionsOf, revisionsOf } from "./read/posts.ts";
import { waitingPosts } from "./read/queue.ts";

type C = Context<EditorEnv>;
type On = Pick<DeskProps, "draft" | "conflict">;

/** The pages that more than one route shows. */
export interface Pages {
  html(c: C, page: JSX.Element, status?: ContentfulStatusCode): Promise<Response>;
  /** The queue with a post on the desk: the one asked for, else the first that waits. */
  queue(c: C, postId: string | undefined, on?: On, status?: ContentfulStatusCode): Promise<Response>;
  post(c: C, postId: string): Promise<Response>;
  problem(c: C, status: ContentfulStatusCode, key: string): Promise<Response>;
}

export function createPages(deps: EditorDeps, assets: Assets): Pages {
  const { store } = deps;
  const deskOf = (c: C, card: Card, on: On = {}) => ({
    card,
    limits: card.limits ?? deps.usualLimits(card.network),
    mayWrite: may(c.get("person").role, "write"),
    ...on,
  });

  async function html(c: C, page: JSX.Element, status: ContentfulStatusCode = 200): Promise<Response> {
    return c.html(`<!doctype html>${await page.toString()}`, status);
  }

  async function problem(c: C, status: ContentfulStatusCode, key: string): Promise<Response> {
    const v = viewOf(c, deps, assets);
    if (c.req.header("hx-request")) {
      c.header("HX-Retarget", "#problem");
      c.header("HX-Reselect", "#problem");
      c.header("HX-Reswap", "outerHTML");
    }
    return html(c, <ProblemPage v={v} title={v.t(key)} sentence={v.t(`${key}.do`)} />, status);
  }

  return {
    html,
    problem,
    async queue(c, postId, on, status) {
      const [frame, rows, found, stuck] = await Promise.all([
        frameOf(c, deps, assets, "queue.title", "queue"),
        waitingPosts(store),
        troubles(store),
        stuckDeliveries(store),
      ]);
      const asked = postId === undefined ? undefined : await cardOf(store, postId);
      const card = asked ?? (rows[0] ? await cardOf(store, rows[0].id) : undefined);
      // The address names what is on the desk, so that a reload and the live bell read that again.
      if (c.req.header("hx-target") === "section#desk")
        c.header("HX-Replace-Url", !card ? "/" : on?.draft ? `/posts/${card.id}/edit` : `/?post=${card.id}`);
      const mayDecide = may(c.get("person").role, "decide");
      const page = (
        <QueuePage
          frame={frame}
          queue={{ rows, desk: card ? deskOf(c, card, on) : null, troubles: found, stuck, may: mayDecide }}
        />
      );
      return html(c, page, status);
    },
    async post(c, postId) {
      const card = await cardOf(store, postId);
      if (!card) return problem(c, 404, "problem.404");
      const [frame, revisions, decisions, deliveries, attempts] = await Promise.all([
        frameOf(c, deps, assets, "post.title", "posts"),
        revisionsOf(store, postId),
        decisionsOf(store, postId),
        deliveriesOf(store, postId),
        attemptsOf(store, postId),
      ]);
      const mayDecide = may(c.get("person").role, "decide");
      return html(
        c,
        <PostPage frame={frame} post={{ desk: deskOf(c, card), revisions, decisions, deliveries, attempts, may: mayDecide }} />,
      );
    },
  };
}
