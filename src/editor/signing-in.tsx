import type { Context } from "hono";
import { clientAddress, rangesOf, type Ranges } from "../lib/client-address.ts";
import { consumeSignInLink, openLink, signIn, signOut } from "../newsroom/people.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import { giveSession, takeSession, type EditorEnv } from "./door.ts";
import { formOf } from "./forms.ts";
import { viewOf } from "./frame.ts";
import { LinkPage, SignInPage } from "./pages/sign-in.tsx";
import type { Pages } from "./render.tsx";

type C = Context<EditorEnv>;

/** Coming in and going out. */
export function createSignIn(deps: EditorDeps, assets: Assets, pages: Pages) {
  const { store } = deps;
  const trusted = rangesOf(deps.trustProxy ?? []);

  return {
    show: (c: C) => pages.html(c, <SignInPage v={viewOf(c, deps, assets)} />),

    async signIn(c: C): Promise<Response> {
      const form = await formOf(c);
      const v = viewOf(c, deps, assets);
      const email = form["email"]?.trim() ?? "";
      const signed = await signIn(store, { email, password: form["password"] ?? "", address: addressOf(c, trusted) });
      if (!signed.ok) {
        return pages.html(
          c,
          <SignInPage v={v} email={email} problem={v.t(`signIn.problem.${signed.code}`)} />,
          signed.code === "slow-down" ? 429 : 401,
        );
      }
      giveSession(c, deps, signed.token, signed.expiresAt);
      return c.redirect("/", 303);
    },

    async showLink(c: C): Promise<Response> {
      const v = viewOf(c, deps, assets);
      const token = c.req.param("token") ?? "";
      const link = await openLink(store, token);
      if (!link) return pages.problem(c, 410, "problem.link");
      return pages.html(c, <LinkPage v={v} token={token} person={link.person} />);
    },

    async consume(c: C): Promise<Response> {
      const form = await formOf(c);
      const token = c.req.param("token") ?? "";
      const v = viewOf(c, deps, assets);
      const given = { email: form["email"]?.trim() ?? "", name: form["name"]?.trim() ?? "", password: form["password"] ?? "" };
      const signed = await consumeSignInLink(store, token, given);
      if (!signed.ok) {
        const link = await openLink(store, token);
        if (!link) return pages.problem(c, 410, "problem.link");
        return pages.html(
          c,
          <LinkPage v={v} token={token} person={link.person} problem={v.t(`first.problem.${signed.code}`)} fields={given} />,
          422,
        );
      }
      giveSession(c, deps, signed.token, signed.expiresAt);
      return c.redirect("/", 303);
    },

    async signOut(c: C): Promise<Response> {
      const token = takeSession(c, deps);
      if (token !== undefined) await signOut(store, token);
      return c.redirect("/sign-in", 303);
    },
  };
}

/** The address a request came from, as the server tells it, and behind our own proxies as they tell it. */
function addressOf(c: C, trusted: Ranges): string {
  const incoming = (c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming;
  return clientAddress(incoming?.socket?.remoteAddress, c.req.header("x-forwarded-for"), trusted)?.toString() ?? "unknown";
}
