import type { Context, Hono } from "hono";
import { POST_STATES, type PostState } from "../post/post.ts";
import { releaseHeld } from "../article/release.ts";
import { factsOf } from "../delivery/facts.ts";
import { beginRehearsal, endRehearsal, type Pressed } from "../delivery/rehearse.ts";
import { isId } from "../lib/id.ts";
import { endHold } from "../newsroom/hold.ts";
import { seenAccounts } from "../newsroom/person.ts";
import { pause, resume } from "../newsroom/store.ts";
import type { Assets } from "./assets.ts";
import { createConnect } from "./connect.tsx";
import type { EditorDeps } from "./deps.ts";
import { createDecisions } from "./decisions.ts";
import type { EditorEnv } from "./door.ts";
import { createEditing } from "./editing.tsx";
import { formOf, pathIn, withQuery } from "./forms.ts";
import { frameOf } from "./frame.ts";
import { createLive } from "./live.ts";
import { createMe } from "./me.tsx";
import { createOccasions } from "./occasions.ts";
import { ArticlePage, ArticlesPage } from "./pages/articles.tsx";
import { HistoryPage, LinksPage } from "./pages/lists.tsx";
import { AccountsPage, SourcesPage } from "./pages/newsroom.tsx";
import { PostsPage } from "./pages/posts.tsx";
import { TimelinePage } from "./pages/timeline.tsx";
import { createPeople } from "./people.tsx";
import { articleById, changesOf, latestArticles } from "./read/articles.ts";
import { readCursor } from "./read/cursor.ts";
import { eventsOf, latestEvents } from "./read/history.ts";
import { clicksToday, latestLinks, linksOf } from "./read/links.ts";
import { accountLines, lastChecks, sourceLines } from "./read/newsroom.ts";
import { postsIn, postsOf } from "./read/posts.ts";
import { timeline } from "./read/timeline.ts";
import type { Pages } from "./render.tsx";
import { createSignIn } from "./signing-in.tsx";

type C = Context<EditorEnv>;

/** Every address of the editor; who may use which is in `access.ts`. A handler is: parse, call, render. */
export function routes(editor: Hono<EditorEnv>, deps: EditorDeps, assets: Assets, pages: Pages): void {
  const { store } = deps;
  const frame = (c: C, title: string, here: Parameters<typeof frameOf>[4]) => frameOf(c, deps, assets, title, here);
  const cursor = (c: C) => readCursor(c.req.query("after"));
  const seen = (c: C) => seenAccounts(c.get("person"));

  const door = createSignIn(deps, assets, pages);
  editor.get("/sign-in", door.show);
  editor.post("/sign-in", door.signIn);
  editor.get("/sign-in/code", door.showCode);
  editor.post("/sign-in/code", door.code);
  editor.get("/sign-in/:token", door.link.show);
  editor.post("/sign-in/:token", door.link.take);
  editor.get("/invitations/:token", door.invitation.show);
  editor.post("/invitations/:token", door.invitation.take);
  editor.post("/sign-out", door.signOut);
  editor.get("/assets/:version/*", (c) => assets.serve(c));
  editor.get("/live", createLive(deps));

  editor.get("/", (c) => pages.queue(c, idIn(c.req.query("post"))));
  const decide = createDecisions(deps, assets, pages);
  editor.post("/posts/:id/approval", decide.approve);
  editor.post("/posts/:id/rejection", decide.reject);
  editor.post("/posts/:id/hold", decide.hold);
  editor.post("/posts/:id/schedule", decide.schedule);
  editor.post("/posts/:id/release", decide.release);
  const editing = createEditing(deps, assets, pages);
  editor.get("/posts/:id/edit", editing.show);
  editor.get("/posts/:id/newer", editing.newer);
  editor.post("/posts/:id/revisions", editing.save);
  const occasions = createOccasions(deps, assets, pages);
  editor.post("/posts/:id/parts", occasions.addPart);
  editor.post("/posts/:id/removal", occasions.removePart);
  editor.post("/posts/:id/reshares", occasions.reshare);
  editor.post("/posts/:id/corrections", occasions.correct);
  editor.post("/deliveries/:id/answer", decide.answer);
  editor.post("/deliveries/:id/retry", decide.answer);
  editor.post("/deliveries/:id/drop", decide.answer);

  editor.post("/sources/:id/held", async (c) => {
    const form = await formOf(c);
    const answer = form["answer"] === "news" ? "news" : "known";
    await releaseHeld(store, { sourceId: idIn(c.req.param("id")) ?? NOBODY, answer, person: c.get("person").id });
    return c.redirect(withQuery(pathIn(form["back"]), { said: `held-${answer}` }), 303);
  });

  editor.get("/posts", async (c) => {
    const state = POST_STATES.find((one) => one === c.req.query("state")) ?? ("approved" satisfies PostState);
    const page = await postsIn(store, seen(c), state, cursor(c));
    return pages.html(c, <PostsPage frame={await frame(c, "posts.title", "posts")} state={state} page={page} />);
  });
  editor.get("/posts/:id", (c) => pages.post(c, idIn(c.req.param("id")) ?? NOBODY));
  editor.get("/timeline", async (c) => {
    const page = await timeline(store, seen(c), deps.shortUrl, cursor(c));
    return pages.html(c, <TimelinePage frame={await frame(c, "timeline.title", "timeline")} page={page} />);
  });
  editor.get("/articles", async (c) => {
    const page = await latestArticles(store, seen(c), cursor(c));
    return pages.html(c, <ArticlesPage frame={await frame(c, "articles.title", "articles")} page={page} />);
  });
  editor.get("/articles/:id", async (c) => {
    const id = idIn(c.req.param("id")) ?? NOBODY;
    const article = await articleById(store, id);
    if (!article) return pages.problem(c, 404, "problem.404");
    const [posts, links, changes, events] = await Promise.all([
      postsOf(store, seen(c), id),
      linksOf(store, seen(c), id),
      changesOf(store, id),
      eventsOf(store, seen(c), id),
    ]);
    const it = { article, posts, links, changes, events };
    return pages.html(c, <ArticlePage frame={await frame(c, "articles.title", "articles")} it={it} />);
  });
  editor.get("/links", async (c) => {
    const [page, today] = await Promise.all([latestLinks(store, seen(c), cursor(c)), clicksToday(store)]);
    return pages.html(c, <LinksPage frame={await frame(c, "links.title", "links")} page={page} today={today} />);
  });
  editor.get("/accounts", async (c) => {
    const accounts = await accountLines(store, seen(c));
    const [around, facts] = await Promise.all([
      frame(c, "nav.accounts", "accounts"),
      factsOf(
        store,
        accounts.map(({ id }) => id),
      ),
    ]);
    return pages.html(
      c,
      <AccountsPage
        frame={around}
        accounts={accounts}
        facts={facts}
        limitsOf={(one) => one.limits ?? deps.usualLimits(one.network)}
        promiseOf={(network) => deps.promiseOf(network)}
        connectable={new Set(deps.connecting.networks.map(({ name }) => name))}
      />,
    );
  });
  const by = (c: C) => ({ name: c.get("person").name, person: c.get("person").id });
  const pressed = (c: C, it: Pressed | undefined) => {
    if (!it) return pages.problem(c, 404, "problem.404");
    const said = it.why ?? (it.rehearsing ? "began" : "ended");
    return c.redirect(withQuery("/accounts", { said: `rehearsal-${said}` }), 303);
  };
  editor.post("/accounts/:id/rehearsal", async (c) =>
    pressed(c, await beginRehearsal(store, idIn(c.req.param("id")) ?? NOBODY, by(c))),
  );
  editor.post("/accounts/:id/rehearsal/end", async (c) =>
    pressed(c, await endRehearsal(store, idIn(c.req.param("id")) ?? NOBODY, by(c), deps.shortUrl)),
  );
  const connect = createConnect(deps, assets, pages);
  editor.get("/accounts/connect", connect.show);
  editor.post("/accounts/connect", connect.add);
  editor.get("/accounts/:id/connect", connect.showAnew);
  editor.post("/accounts/:id/connect", connect.anew);
  editor.get("/connect/:network/callback", connect.come);
  editor.get("/accounts/connections/:id", connect.showGiven);
  editor.post("/accounts/connections/:id/confirmation", connect.confirm);
  editor.post("/accounts/connections/:id/refusal", connect.refuse);
  editor.get("/sources", async (c) => {
    const [sources, checks] = await Promise.all([sourceLines(store), lastChecks(store)]);
    return pages.html(c, <SourcesPage frame={await frame(c, "nav.sources", "sources")} sources={sources} checks={checks} />);
  });
  editor.get("/history", async (c) => {
    const page = await latestEvents(store, seen(c), cursor(c));
    return pages.html(c, <HistoryPage frame={await frame(c, "nav.history", "history")} page={page} />);
  });

  editor.post("/pause", async (c) => {
    const form = await formOf(c);
    await pause(store, c.get("person").name, form["why"] ?? "");
    return c.redirect(withQuery(pathIn(form["back"]), { said: "stopped" }), 303);
  });
  editor.post("/resume", async (c) => {
    const goes = await resume(store, c.get("person").name);
    return c.redirect(withQuery(pathIn((await formOf(c))["back"]), { said: goes ? "resumed" : "on-hold" }), 303);
  });
  editor.post("/hold/end", async (c) => {
    const { id, name } = c.get("person");
    const ended = await endHold(store, { name, person: id });
    const said = ended.ok ? "hold-ended" : ended.code === "open" ? "hold-open" : null;
    return c.redirect(withQuery(pathIn((await formOf(c))["back"]), { said }), 303);
  });

  const me = createMe(deps, assets, pages);
  editor.get("/me", me.show);
  editor.post("/me/shortcuts", me.shortcuts);
  editor.post("/me/lang", me.lang);
  editor.post("/me/password", me.password);
  editor.post("/me/email", me.email);
  editor.get("/me/totp", me.showTotp);
  editor.get("/me/totp.svg", me.qr);
  editor.post("/me/totp", me.beginTotp);
  editor.post("/me/totp/confirmation", me.confirmTotp);
  editor.post("/me/totp/removal", me.removeTotp);
  editor.post("/me/recovery-codes", me.recoveryCodes);
  editor.post("/me/sessions/others/end", me.endOthers);
  editor.post("/me/sessions/:id/end", me.endSession);

  const people = createPeople(deps, assets, pages);
  editor.get("/people", people.show);
  editor.post("/people/invitations", people.invite);
  editor.post("/people/invitations/:id/revocation", people.revoke);
  editor.get("/people/:id", people.showOne);
  editor.post("/people/:id/rights", people.rights);
  editor.post("/people/:id/disabled", people.disabled);
  editor.post("/people/:id/sign-in-link", people.signInLink);
  editor.post("/people/:id/totp-removal", people.removeTotp);
}

/** An id no row has, so that a malformed one is simply not found. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

function idIn(text: string | undefined): string | undefined {
  return text !== undefined && isId(text) ? text : undefined;
}
