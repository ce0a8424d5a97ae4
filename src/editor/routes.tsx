import type { Context, Hono } from "hono";
import { POST_STATES, type PostState } from "../post/post.ts";
import { releaseHeld } from "../article/release.ts";
import { setShortcuts } from "../newsroom/people.ts";
import { pause, resume } from "../newsroom/store.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import { createDecisions } from "./decisions.ts";
import { needs, type EditorEnv } from "./door.ts";
import { createEditing } from "./editing.tsx";
import { formOf, pathIn, withQuery } from "./forms.ts";
import { frameOf } from "./frame.ts";
import { createLive } from "./live.ts";
import { ArticlePage, ArticlesPage } from "./pages/articles.tsx";
import { HistoryPage, LinksPage } from "./pages/lists.tsx";
import { AccountsPage, SourcesPage } from "./pages/newsroom.tsx";
import { PostsPage } from "./pages/posts.tsx";
import { TimelinePage } from "./pages/timeline.tsx";
import { articleById, changesOf, latestArticles } from "./read/articles.ts";
import { readCursor } from "./read/cursor.ts";
import { eventsOf, latestEvents } from "./read/history.ts";
import { clicksToday, latestLinks, linksOf } from "./read/links.ts";
import { accountLines, lastChecks, sourceLines } from "./read/newsroom.ts";
import { postsIn, postsOf } from "./read/posts.ts";
import { timeline } from "./read/timeline.ts";
import type { Pages } from "./render.tsx";
import { createSignIn } from "./signing-in.tsx";
import { isId } from "../lib/id.ts";
import { may } from "../newsroom/person.ts";

type C = Context<EditorEnv>;

/** Every address of the editor. A handler is: parse, call, render. Ids are checked by their pattern, the session before all. */
export function routes(editor: Hono<EditorEnv>, deps: EditorDeps, assets: Assets, pages: Pages): void {
  const { store } = deps;
  const refuse = (c: C) => pages.problem(c, 403, "problem.403");
  const decides = needs("decide", refuse);
  const writes = needs("write", refuse);
  const stops = needs("stop", refuse);
  const frame = (c: C, title: string, here: Parameters<typeof frameOf>[4]) => frameOf(c, deps, assets, title, here);
  const cursor = (c: C) => readCursor(c.req.query("after"));
  const mayDecide = (c: C) => may(c.get("person").role, "decide");

  const door = createSignIn(deps, assets, pages);
  editor.get("/sign-in", door.show);
  editor.post("/sign-in", door.signIn);
  editor.get("/sign-in/:token", door.showLink);
  editor.post("/sign-in/:token", door.consume);
  editor.post("/sign-out", door.signOut);
  editor.get("/assets/:version/*", (c) => assets.serve(c));
  editor.get("/live", createLive(deps));

  editor.get("/", (c) => pages.queue(c, idIn(c.req.query("post"))));
  const decide = createDecisions(deps, assets, pages);
  editor.post("/posts/:id/approval", decides, decide.approve);
  editor.post("/posts/:id/rejection", decides, decide.reject);
  editor.post("/posts/:id/hold", decides, decide.hold);
  editor.post("/posts/:id/schedule", decides, decide.schedule);
  editor.post("/posts/:id/release", decides, decide.release);
  const editing = createEditing(deps, assets, pages);
  editor.get("/posts/:id/edit", writes, editing.show);
  editor.get("/posts/:id/newer", writes, editing.newer);
  editor.post("/posts/:id/revisions", writes, editing.save);
  editor.post("/deliveries/:id/answer", decides, decide.answer);
  editor.post("/deliveries/:id/retry", decides, decide.answer);
  editor.post("/deliveries/:id/drop", decides, decide.answer);

  editor.post("/sources/:id/held", decides, async (c) => {
    const form = await formOf(c);
    const answer = form["answer"] === "news" ? "news" : "known";
    await releaseHeld(store, { sourceId: idIn(c.req.param("id")) ?? NOBODY, answer, person: c.get("person").id });
    return c.redirect(withQuery(pathIn(form["back"]), { said: `held-${answer}` }), 303);
  });

  editor.get("/posts", async (c) => {
    const state = POST_STATES.find((one) => one === c.req.query("state")) ?? ("approved" satisfies PostState);
    const page = await postsIn(store, state, cursor(c));
    return pages.html(
      c,
      <PostsPage frame={await frame(c, "posts.title", "posts")} state={state} page={page} may={mayDecide(c)} />,
    );
  });
  editor.get("/posts/:id", (c) => pages.post(c, idIn(c.req.param("id")) ?? NOBODY));
  editor.get("/timeline", async (c) => {
    const page = await timeline(store, deps.shortUrl, cursor(c));
    return pages.html(c, <TimelinePage frame={await frame(c, "timeline.title", "timeline")} page={page} />);
  });
  editor.get("/articles", async (c) => {
    const page = await latestArticles(store, cursor(c));
    return pages.html(c, <ArticlesPage frame={await frame(c, "articles.title", "articles")} page={page} />);
  });
  editor.get("/articles/:id", async (c) => {
    const id = idIn(c.req.param("id")) ?? NOBODY;
    const article = await articleById(store, id);
    if (!article) return pages.problem(c, 404, "problem.404");
    const [posts, links, changes, events] = await Promise.all([
      postsOf(store, id),
      linksOf(store, id),
      changesOf(store, id),
      eventsOf(store, id),
    ]);
    const it = { article, posts, links, changes, events, may: mayDecide(c) };
    return pages.html(c, <ArticlePage frame={await frame(c, "articles.title", "articles")} it={it} />);
  });
  editor.get("/links", async (c) => {
    const [page, today] = await Promise.all([latestLinks(store, cursor(c)), clicksToday(store)]);
    return pages.html(c, <LinksPage frame={await frame(c, "links.title", "links")} page={page} today={today} />);
  });
  editor.get("/accounts", async (c) => {
    const accounts = await accountLines(store);
    const around = await frame(c, "nav.accounts", "accounts");
    return pages.html(
      c,
      <AccountsPage frame={around} accounts={accounts} limitsOf={(one) => one.limits ?? deps.usualLimits(one.network)} />,
    );
  });
  editor.get("/sources", async (c) => {
    const [sources, checks] = await Promise.all([sourceLines(store), lastChecks(store)]);
    return pages.html(c, <SourcesPage frame={await frame(c, "nav.sources", "sources")} sources={sources} checks={checks} />);
  });
  editor.get("/history", async (c) => {
    const page = await latestEvents(store, cursor(c));
    return pages.html(c, <HistoryPage frame={await frame(c, "nav.history", "history")} page={page} />);
  });

  editor.post("/pause", stops, async (c) => {
    const form = await formOf(c);
    await pause(store, c.get("person").name, form["why"] ?? "");
    return c.redirect(withQuery(pathIn(form["back"]), { said: "stopped" }), 303);
  });
  editor.post("/resume", stops, async (c) => {
    await resume(store, c.get("person").name);
    return c.redirect(withQuery(pathIn((await formOf(c))["back"]), { said: "resumed" }), 303);
  });
  editor.post("/me/shortcuts", async (c) => {
    const form = await formOf(c);
    await setShortcuts(store, c.get("person").id, form["on"] === "yes");
    return c.redirect(withQuery(pathIn(form["back"]), { said: "shortcuts" }), 303);
  });
}

/** An id no row has, so that a malformed one is simply not found. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

function idIn(text: string | undefined): string | undefined {
  return text !== undefined && isId(text) ? text : undefined;
}
