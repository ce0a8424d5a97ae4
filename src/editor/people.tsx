import type { Context } from "hono";
import { isId } from "../lib/id.ts";
import { invite, openInvitations, revokeInvitation } from "../newsroom/invitation.ts";
import { changeRights, disablePerson, enablePerson, people, personById, type Changed } from "../newsroom/people.ts";
import { isRole, type Rights } from "../newsroom/person.ts";
import { prove } from "../newsroom/sign-in.ts";
import { resetPerson } from "../newsroom/sign-in-link.ts";
import { endSessions } from "../newsroom/session.ts";
import { dropTotp } from "../newsroom/totp.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";
import { formOf, withQuery } from "./forms.ts";
import { frameOf } from "./frame.ts";
import { LinkMadePage, PeoplePage, PersonPage } from "./pages/people.tsx";
import { accountNames } from "./read/newsroom.ts";
import type { Pages } from "./render.tsx";
import { fromOf } from "./signing-in.tsx";

type C = Context<EditorEnv>;

/** What admins do about people. */
export function createPeople(deps: EditorDeps, assets: Assets, pages: Pages) {
  const { store } = deps;
  const from = fromOf(deps);
  const frame = (c: C, title: string) => frameOf(c, deps, assets, title, "people");
  const idOf = (c: C) => {
    const id = c.req.param("id") ?? "";
    return isId(id) ? id : undefined;
  };

  async function list(c: C, problem?: string): Promise<Response> {
    const [around, all, invitations, accounts] = await Promise.all([
      frame(c, "nav.people"),
      people(store),
      openInvitations(store),
      accountNames(store),
    ]);
    const said = problem === undefined ? undefined : around.v.t(problem);
    const page = <PeoplePage frame={around} people={all} invitations={invitations} accounts={accounts} problem={said} />;
    return pages.html(c, page, problem === undefined ? 200 : 422);
  }

  async function one(c: C, problem?: string, status: 200 | 401 | 409 | 429 = 200): Promise<Response> {
    const id = idOf(c);
    const person = id && (await personById(store, id));
    if (!person) return pages.problem(c, 404, "problem.404");
    const [around, accounts] = await Promise.all([frame(c, "nav.people"), accountNames(store)]);
    const said = problem === undefined ? undefined : around.v.t(problem);
    return pages.html(c, <PersonPage frame={around} person={person} accounts={accounts} problem={said} />, status);
  }

  async function changed(c: C, id: string, how: Changed, said: string): Promise<Response> {
    if (how === "last-admin") return one(c, "people.problem.last-admin", 409);
    if (how === "gone") return pages.problem(c, 404, "problem.404");
    // Whoever has just taken the role from themself has no page here any more.
    return c.redirect(withQuery(id === c.get("person").id ? "/" : `/people/${id}`, { said }), 303);
  }

  return {
    show: (c: C) => list(c),
    showOne: (c: C) => one(c),

    async invite(c: C): Promise<Response> {
      const form = await formOf(c);
      const rights = rightsIn(form);
      if (!rights) return pages.problem(c, 400, "problem.400");
      const email = form["email"]?.trim() ?? "";
      const made = await invite(store, { ...rights, email, by: c.get("person").id });
      if (!made.ok) return list(c, `first.problem.${made.code}`);
      const link = `${deps.publicUrl}/invitations/${made.token}`;
      return pages.html(
        c,
        <LinkMadePage frame={await frame(c, "people.link.title")} kind="invitation" whom={email} link={link} />,
      );
    },
    async revoke(c: C): Promise<Response> {
      const id = idOf(c);
      if (!id || !(await revokeInvitation(store, id, c.get("person").id))) return pages.problem(c, 404, "problem.404");
      return c.redirect(withQuery("/people", { said: "revoked" }), 303);
    },

    async rights(c: C): Promise<Response> {
      const id = idOf(c);
      const rights = rightsIn(await formOf(c));
      if (!id || !rights) return pages.problem(c, 400, "problem.400");
      return changed(c, id, await changeRights(store, id, rights, c.get("person").id), "rights");
    },
    async disabled(c: C): Promise<Response> {
      const id = idOf(c);
      if (!id) return pages.problem(c, 404, "problem.404");
      const on = (await formOf(c))["on"] === "yes";
      const how = await (on ? disablePerson : enablePerson)(store, id, c.get("person").id);
      return changed(c, id, how, on ? "disabled" : "enabled");
    },
    async signInLink(c: C): Promise<Response> {
      const id = idOf(c);
      const person = id && (await personById(store, id));
      const token = person ? await resetPerson(store, person.id, c.get("person").id) : undefined;
      if (!person || token === undefined) return pages.problem(c, 404, "problem.404");
      const link = `${deps.publicUrl}/sign-in/${token}`;
      return pages.html(
        c,
        <LinkMadePage frame={await frame(c, "people.link.title")} kind="reset" whom={person.name} link={link} />,
      );
    },
    /** Phone and recovery codes are lost. The admin proves who they are: this makes another's account weaker. */
    async removeTotp(c: C): Promise<Response> {
      const id = idOf(c);
      const form = await formOf(c);
      const proof = { password: form["password"] ?? "", code: form["code"] ?? "", address: from(c).address };
      const answer = await prove(store, deps.keys, c.get("person").id, proof);
      if (answer !== "right") return one(c, `me.proof.${answer}`, answer === "slow-down" ? 429 : 401);
      if (!id) return pages.problem(c, 404, "problem.404");
      await dropTotp(store, id, c.get("person").id);
      await endSessions(store, id, c.get("person").session);
      return changed(c, id, "done", "totp-off");
    },
  };
}

/** A role, and roles on single accounts as `account-<id>`; undefined where one of them is none. */
function rightsIn(form: Readonly<Record<string, string>>): Rights | undefined {
  const accounts = Object.entries(form).flatMap(([name, role]): [string, string][] =>
    name.startsWith("account-") && role !== "" ? [[name.slice("account-".length), role]] : [],
  );
  const { role = "" } = form;
  if (!isRole(role) || !accounts.every(([id, own]) => isId(id) && isRole(own))) return undefined;
  return { role, accounts: Object.fromEntries(accounts) as Rights["accounts"] };
}
