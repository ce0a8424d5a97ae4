import type { Context } from "hono";
import { clientAddress, rangesOf, type Ranges } from "../lib/client-address.ts";
import { acceptInvitation, invitationOf } from "../newsroom/invitation.ts";
import { setLang } from "../newsroom/people.ts";
import { deviceOf, sessionOf, signOut, type SignedIn } from "../newsroom/session.ts";
import { giveCode, isHalfSignedIn, signIn, type From, type HalfSignedIn } from "../newsroom/sign-in.ts";
import { consumeSignInLink, openLink, type LinkProblem } from "../newsroom/sign-in-link.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import { cookieOf, dropCookie, giveCookie, type EditorEnv } from "./door.ts";
import { formOf, withQuery } from "./forms.ts";
import { askedLanguage, viewOf } from "./frame.ts";
import { CodePage, LinkPage, SignInPage } from "./pages/sign-in.tsx";
import type { Pages } from "./render.tsx";

type C = Context<EditorEnv>;
/** Whom a link is for; undefined where it opens no more. */
type ForWhom = { person: { name: string; email: string } | null; email?: string };

/** Coming in and going out. */
export function createSignIn(deps: EditorDeps, assets: Assets, pages: Pages) {
  const { store } = deps;
  const from = fromOf(deps);

  /** Lets in, or asks for a code first. A language that was chosen on the way is theirs from now on. */
  async function come(c: C, signed: SignedIn | HalfSignedIn, lang = askedLanguage(c)): Promise<Response> {
    if (signed.ok) {
      const person = lang === undefined ? undefined : await sessionOf(store, signed.token);
      if (person && lang !== undefined) await setLang(store, person.id, lang);
      giveCookie(c, deps, "session", signed.token, signed.expiresAt);
      if (cookieOf(c, deps, "code") !== undefined) dropCookie(c, deps, "code");
      return c.redirect("/", 303);
    }
    giveCookie(c, deps, "code", signed.token, signed.expiresAt);
    if (cookieOf(c, deps, "session") !== undefined) dropCookie(c, deps, "session");
    return c.redirect(withQuery("/sign-in/code", { lang }), 303);
  }

  /** A single-use link: looking at it changes nothing, its button uses it up. */
  const link = (
    folder: string,
    open: (token: string) => Promise<ForWhom | undefined>,
    take: (
      token: string,
      given: { email: string; name: string; password: string; label: string },
    ) => Promise<SignedIn | HalfSignedIn | { ok: false; code: LinkProblem }>,
  ) => ({
    async show(c: C): Promise<Response> {
      const token = c.req.param("token") ?? "";
      const whom = await open(token);
      if (!whom) return pages.problem(c, 410, "problem.link");
      return pages.html(c, <LinkPage v={viewOf(c, deps, assets)} action={`${folder}/${token}`} {...whom} />);
    },
    async take(c: C): Promise<Response> {
      const form = await formOf(c);
      const token = c.req.param("token") ?? "";
      const given = { email: form["email"]?.trim() ?? "", name: form["name"]?.trim() ?? "", password: form["password"] ?? "" };
      const signed = await take(token, { ...given, label: from(c).label });
      const v = viewOf(c, deps, assets);
      // They read this page and went on: it is their language.
      if (signed.ok || signed.code === "code-needed") return come(c, signed, v.lang);
      const whom = await open(token);
      if (!whom) return pages.problem(c, 410, "problem.link");
      const problem = v.t(`first.problem.${signed.code}`);
      return pages.html(c, <LinkPage v={v} action={`${folder}/${token}`} {...whom} problem={problem} fields={given} />, 422);
    },
  });

  return {
    show: (c: C) => pages.html(c, <SignInPage v={viewOf(c, deps, assets)} />),

    async signIn(c: C): Promise<Response> {
      const form = await formOf(c);
      const email = form["email"]?.trim() ?? "";
      const signed = await signIn(store, { email, password: form["password"] ?? "", ...from(c) });
      if (signed.ok || signed.code === "code-needed") return come(c, signed);
      const v = viewOf(c, deps, assets);
      const problem = v.t(`signIn.problem.${signed.code}`);
      return pages.html(c, <SignInPage v={v} email={email} problem={problem} />, signed.code === "slow-down" ? 429 : 401);
    },

    async showCode(c: C): Promise<Response> {
      const token = cookieOf(c, deps, "code");
      if (token === undefined || !(await isHalfSignedIn(store, token))) return c.redirect("/sign-in", 303);
      return pages.html(c, <CodePage v={viewOf(c, deps, assets)} />);
    },

    async code(c: C): Promise<Response> {
      const form = await formOf(c);
      const v = viewOf(c, deps, assets);
      const token = cookieOf(c, deps, "code") ?? "";
      const signed = await giveCode(store, deps.keys, { token, code: form["code"] ?? "", ...from(c) });
      if (signed.ok) return come(c, signed);
      const problem = v.t(`code.problem.${signed.code}`);
      if (signed.code === "over") {
        dropCookie(c, deps, "code");
        return pages.html(c, <SignInPage v={v} problem={problem} />, 401);
      }
      return pages.html(c, <CodePage v={v} problem={problem} />, signed.code === "slow-down" ? 429 : 401);
    },

    link: link(
      "/sign-in",
      (token) => openLink(store, token),
      (token, given) => consumeSignInLink(store, token, given),
    ),
    invitation: link(
      "/invitations",
      async (token) => {
        const found = await invitationOf(store, token);
        return found && { person: null, email: found.email };
      },
      (token, given) => acceptInvitation(store, token, given),
    ),

    async signOut(c: C): Promise<Response> {
      const token = cookieOf(c, deps, "session");
      dropCookie(c, deps, "session");
      if (token !== undefined) await signOut(store, token);
      return c.redirect("/sign-in", 303);
    },
  };
}

/** Where a request came from, as wrong tries are counted and sessions are told apart. */
export function fromOf(deps: EditorDeps): (c: C) => From {
  const trusted = rangesOf(deps.trustProxy ?? []);
  return (c) => ({ address: addressOf(c, trusted), label: deviceOf(c.req.header("user-agent")) });
}

/** The address a request came from, as the server tells it, and behind our own proxies as they tell it. */
function addressOf(c: C, trusted: Ranges): string {
  const incoming = (c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming;
  return clientAddress(incoming?.socket?.remoteAddress, c.req.header("x-forwarded-for"), trusted)?.toString() ?? "unknown";
}
