import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { JSX } from "hono/jsx/jsx-runtime";
import { may, seenAccounts } from "../newsroom/person.ts";
import { mayDecide } from "./access.ts";
import { troubles, type Trouble } from "../health/health.ts";
import type { Person } from "../newsroom/people.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";
import { withQuery } from "./forms.ts";
import { frameOf, viewOf } from "./frame.ts";
import { PostPage } from "./pages/posts.tsx";
import { ProblemPage } from "./pages/problem.tsx";
import { DeskChanges, QueuePage } from "./pages/queue.tsx";
import type { DeskProps } from "./parts/desk.tsx";
import { packingOf, packPage } from "./packed.ts";
import { cardOf, type Card } from "./read/card.ts";
import { attemptsOf, deliveriesOf, stuckDeliveries } from "./read/deliveries.ts";
import { decisionsOf, revisionsOf } from "./read/posts.ts";
import { nextWaiting, waitingPosts } from "./read/queue.ts";
import { outdatedBy, partsOf } from "./read/thread.ts";

type C = Context<EditorEnv>;
type On = Pick<DeskProps, "draft" | "conflict"> & { readonly said?: string };

/** The pages that more than one route shows. */
export interface Pages {
  html(c: C, page: JSX.Element, status?: ContentfulStatusCode): Promise<Response>;
  /** The queue with a post on the desk: the one asked for, else the first that waits. */
  queue(c: C, postId: string | undefined, on?: On, status?: ContentfulStatusCode): Promise<Response>;
  /** After a decision, the post that comes next: at once where a script asks, else at an address that decides nothing again. */
  next(c: C, decidedId: string, said: string): Promise<Response>;
  post(c: C, postId: string): Promise<Response>;
  problem(c: C, status: ContentfulStatusCode, key: string): Promise<Response>;
}

export function createPages(deps: EditorDeps, assets: Assets): Pages {
  const { store } = deps;
  const deskOf = async (c: C, card: Card, { draft, conflict }: On = {}) => ({
    card,
    thread: card.parts > 1 ? await partsOf(store, card.id) : [],
    outdated: card.outdated ? await outdatedBy(store, card.id) : null,
    limits: card.limits ?? deps.usualLimits(card.network),
    may: mayDecide(c.get("person"), card.account_id),
    mayWrite: may(c.get("person"), "write", card.account_id),
    draft,
    conflict,
  });

  async function html(c: C, page: JSX.Element, status: ContentfulStatusCode = 200): Promise<Response> {
    // A part of a page is no document.
    const text = `${forDesk(c) ? "" : "<!doctype html>"}${await page.toString()}`;
    c.header("Vary", "Accept-Encoding, HX-Target");
    const packing = mayPack(c) ? packingOf(c.req.header("accept-encoding")) : undefined;
    if (packing === undefined || text.length < WORTH_PACKING) return c.html(text, status);
    c.header("Content-Encoding", packing);
    c.header("Content-Type", "text/html; charset=UTF-8");
    return c.body(await packPage(text, packing), status);
  }

  async function problem(c: C, status: ContentfulStatusCode, key: string): Promise<Response> {
    const v = viewOf(c, deps, assets);
    if (c.req.header("hx-request")) {
      c.header("HX-Retarget", "#problem");
      c.header("HX-Reselect", "#problem");
      c.header("HX-Reswap", "outerHTML");
    }
    const way = key === "problem.totp" ? { way: { href: "/me#me-totp", text: v.t("may.not.totp.do") } } : {};
    return html(c, <ProblemPage v={v} title={v.t(key)} sentence={v.t(`${key}.do`)} {...way} />, status);
  }

  /** Only what changes when another post comes onto the desk of a page that stands. */
  async function desk(c: C, postId: string | undefined, on: On = {}, status?: ContentfulStatusCode): Promise<Response> {
    const seen = seenAccounts(c.get("person"));
    const [frame, asked, shown] = await Promise.all([
      frameOf(c, deps, assets, "queue.title", "queue"),
      postId === undefined ? undefined : cardOf(store, seen, postId),
      c.req.query("list") === undefined ? undefined : waitingPosts(store, seen, postId),
    ]);
    const first = asked ? undefined : await nextWaiting(store, seen, null);
    const card = asked ?? (first ? await cardOf(store, seen, first) : undefined);
    // The address names what is on the desk, so that a reload and the live bell read that again.
    const path = card ? `/?post=${card.id}` : "/";
    c.header("HX-Replace-Url", card && on.draft ? `/posts/${card.id}/edit` : path);
    const told = on.said === undefined ? {} : { said: frame.v.t(`said.${on.said}`) };
    const changes = (
      <DeskChanges frame={{ ...frame, path, ...told }} desk={card ? await deskOf(c, card, on) : null} shown={shown} />
    );
    return html(c, changes, status);
  }

  return {
    html,
    problem,
    async queue(c, postId, on, status) {
      if (forDesk(c)) return desk(c, postId, on, status);
      const person = c.get("person");
      const seen = seenAccounts(person);
      const [frame, shown, asked, found, stuck] = await Promise.all([
        frameOf(c, deps, assets, "queue.title", "queue"),
        waitingPosts(store, seen, postId),
        postId === undefined ? undefined : cardOf(store, seen, postId),
        troubles(store),
        stuckDeliveries(store, seen),
      ]);
      const card = asked ?? (shown.rows[0] ? await cardOf(store, seen, shown.rows[0].id) : undefined);
      const concerning = found.filter((one) => concerns(person, one));
      const it = { shown, desk: card ? await deskOf(c, card, on) : null, troubles: concerning, stuck };
      return html(c, <QueuePage frame={frame} queue={it} />, status);
    },
    async next(c, decidedId, said) {
      const next = await nextWaiting(store, seenAccounts(c.get("person")), decidedId);
      if (!forDesk(c)) return c.redirect(withQuery("/", { post: next, said, of: decidedId }), 303);
      c.header("Slugline-Decided", decidedId);
      return desk(c, next ?? undefined, { said });
    },
    async post(c, postId) {
      const card = await cardOf(store, seenAccounts(c.get("person")), postId);
      if (!card) return problem(c, 404, "problem.404");
      const [frame, revisions, decisions, deliveries, attempts] = await Promise.all([
        frameOf(c, deps, assets, "post.title", "posts"),
        revisionsOf(store, postId),
        decisionsOf(store, postId),
        deliveriesOf(store, postId),
        attemptsOf(store, postId),
      ]);
      return html(
        c,
        <PostPage frame={frame} post={{ desk: await deskOf(c, card), revisions, decisions, deliveries, attempts }} />,
      );
    },
  };
}

/** Below this a page fits a packet anyway. */
const WORTH_PACKING = 1_400;

/**
 * Whether a page may be compressed: its length then tells a listener something of what it says. So none that may hold a
 * secret is, and none that another site made the browser ask for, in words of its own (BREACH).
 */
function mayPack(c: C): boolean {
  const site = c.req.header("sec-fetch-site");
  return (site === "same-origin" || site === "none") && OF_THE_DESK.test(c.req.path);
}

const OF_THE_DESK = /^\/(?:(?:posts|timeline|articles|links|accounts|sources|history)(?:\/|$)|$)/;

/** Whether htmx asks for the desk alone. */
function forDesk(c: C): boolean {
  return c.req.header("hx-target") === "section#desk";
}

/** Whether a trouble is told to this person: not of an account they do not see, and no sum over all where they see some. */
function concerns(person: Person, trouble: Trouble): boolean {
  if (trouble.account !== undefined && trouble.account !== null) return may(person, "see", trouble.account);
  const { only, except } = seenAccounts(person);
  return trouble.code !== "review-waiting" || (only === null && except.length === 0);
}
