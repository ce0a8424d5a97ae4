import type { Context } from "hono";
import { renderSVG } from "uqr";
import { isId } from "../lib/id.ts";
import { changeEmail, setLang, setShortcuts, type Person } from "../newsroom/people.ts";
import { endSession, endSessions, sessionsOf } from "../newsroom/session.ts";
import { changePassword, prove } from "../newsroom/sign-in.ts";
import { beginTotp, confirmTotp, dropTotp, newRecoveryCodes, pendingTotp, recoveryCodesLeft, totpUri } from "../newsroom/totp.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";
import { formOf, pathIn, withQuery } from "./forms.ts";
import { frameOf } from "./frame.ts";
import { CodesPage, MePage, TotpPage } from "./pages/me.tsx";
import type { Pages } from "./render.tsx";
import { fromOf } from "./signing-in.tsx";

type C = Context<EditorEnv>;
type Form = Readonly<Record<string, string>>;

/** What people do about themselves. Before anything that could keep them out is changed, it is asked whether it is really them. */
export function createMe(deps: EditorDeps, assets: Assets, pages: Pages) {
  const { store, keys } = deps;
  const from = fromOf(deps);
  const frame = (c: C, title: string) => frameOf(c, deps, assets, title, "me");

  async function page(c: C, problem?: string, status: 200 | 401 | 409 | 422 | 429 = 200): Promise<Response> {
    const { id } = c.get("person");
    const [around, sessions, left] = await Promise.all([
      frame(c, "me.title"),
      sessionsOf(store, id),
      recoveryCodesLeft(store, id),
    ]);
    const said = problem === undefined ? undefined : around.v.t(problem);
    return pages.html(c, <MePage frame={around} me={{ sessions, left, problem: said }} />, status);
  }

  /** A change that needs proof: their password, and a code where one is asked of them. */
  const proved = (change: (c: C, form: Form, person: Person) => Promise<Response>) => async (c: C) => {
    const form = await formOf(c);
    const person = c.get("person");
    const proof = { password: form["password"] ?? "", code: form["code"] ?? "", address: from(c).address };
    const answer = await prove(store, keys, person.id, proof);
    if (answer === "right") return change(c, form, person);
    return page(c, `me.proof.${answer}`, answer === "slow-down" ? 429 : 401);
  };
  const done = (c: C, said: string) => c.redirect(withQuery("/me", { said }), 303);

  return {
    show: (c: C) => page(c),

    async shortcuts(c: C): Promise<Response> {
      const form = await formOf(c);
      await setShortcuts(store, c.get("person").id, form["on"] === "yes");
      return c.redirect(withQuery(pathIn(form["back"]), { said: "shortcuts" }), 303);
    },

    async lang(c: C): Promise<Response> {
      const form = await formOf(c);
      const chosen = c.get("languages").find(form["lang"] ?? "");
      if (!chosen) return pages.problem(c, 400, "problem.400");
      await setLang(store, c.get("person").id, chosen.lang);
      return c.redirect(withQuery(pathIn(form["back"]), { said: "lang" }), 303);
    },

    password: proved(async (c, form, person) => {
      const problem = await changePassword(store, person, form["new"] ?? "");
      return problem ? page(c, `first.problem.${problem}`, 422) : done(c, "password");
    }),
    email: proved(async (c, form, person) => {
      const changed = await changeEmail(store, person.id, form["email"]?.trim() ?? "");
      return changed === "done" ? done(c, "email") : page(c, `first.problem.${changed}`, 422);
    }),

    beginTotp: proved(async (c, _, person) => {
      if (person.totp) return done(c, "totp-on");
      await beginTotp(store, keys, person.session);
      return c.redirect("/me/totp", 303);
    }),
    async showTotp(c: C): Promise<Response> {
      const secret = await pendingTotp(store, keys, c.get("person").session);
      if (secret === undefined) return c.redirect("/me", 303);
      return pages.html(c, <TotpPage frame={await frame(c, "totp.title")} secret={secret} />);
    },
    /** An image of its own, so that the policy need not allow anything inline. */
    async qr(c: C): Promise<Response> {
      const person = c.get("person");
      const secret = await pendingTotp(store, keys, person.session);
      if (secret === undefined) return pages.problem(c, 404, "problem.404");
      const svg = renderSVG(totpUri(secret, deps.site.name, person.email));
      return c.body(svg, 200, { "Content-Type": "image/svg+xml", "Cache-Control": "no-store" });
    },
    async confirmTotp(c: C): Promise<Response> {
      const form = await formOf(c);
      const { id, session } = c.get("person");
      const secret = await pendingTotp(store, keys, session);
      if (secret === undefined) return c.redirect("/me", 303);
      const codes = await confirmTotp(store, keys, { person: id, session }, (form["code"] ?? "").replaceAll(/\s/g, ""));
      const around = await frame(c, codes ? "codes.title" : "totp.title");
      if (!codes)
        return pages.html(c, <TotpPage frame={around} secret={secret} problem={around.v.t("code.problem.wrong")} />, 422);
      return pages.html(c, <CodesPage frame={around} codes={codes} fresh />);
    },
    removeTotp: proved(async (c, _, person) => {
      await dropTotp(store, person.id, person.id);
      return done(c, "totp-off");
    }),
    recoveryCodes: proved(async (c, _, person) => {
      if (!person.totp) return page(c);
      const codes = await store.transaction((db) => newRecoveryCodes(db, person.id));
      return pages.html(c, <CodesPage frame={await frame(c, "codes.title")} codes={codes} />);
    }),

    async endSession(c: C): Promise<Response> {
      const id = c.req.param("id") ?? "";
      if (!isId(id) || !(await endSession(store, c.get("person").id, id))) return pages.problem(c, 404, "problem.404");
      return done(c, "session-ended");
    },
    async endOthers(c: C): Promise<Response> {
      const { id, session } = c.get("person");
      await endSessions(store, id, session);
      return done(c, "session-ended");
    },
  };
}
