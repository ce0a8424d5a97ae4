import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { isId } from "../lib/id.ts";
import { originMeant, type AskedProblem, type By, type CameProblem } from "../newsroom/connect.ts";
import { prove } from "../newsroom/sign-in.ts";
import { accountById, type AccountRow } from "../newsroom/store.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";
import { formOf, withQuery } from "./forms.ts";
import { frameOf } from "./frame.ts";
import {
  ConnectAnewPage,
  ConnectAwayPage,
  ConnectFailedPage,
  ConnectGivenPage,
  ConnectPage,
  type ConnectProblem,
} from "./pages/connect.tsx";
import type { Frame } from "./parts/layout.tsx";
import type { Pages } from "./render.tsx";
import { fromOf } from "./signing-in.tsx";

type C = Context<EditorEnv>;
type Form = Readonly<Record<string, string>>;
type Told = { readonly code: AskedProblem | CameProblem; readonly why?: string };

/** What the network or its server said stands behind our sentence; of all others it stands in it. */
const SAID_THERE: readonly string[] = ["away", "refused"];
const STATUS: Partial<Record<Told["code"], ContentfulStatusCode>> = {
  away: 502,
  refused: 502,
  "name-taken": 409,
  "there-already": 409,
  "other-account": 409,
  used: 410,
  expired: 410,
  "other-session": 403,
  denied: 200,
};

/**
 * How accounts are connected (docs/decisions/0017): begun by a form with proof of who asks; the person goes to the network
 * and comes back by a GET, which uses up what the form began and changes no account; a last form says that it is the right one.
 */
export function createConnect(deps: EditorDeps, assets: Assets, pages: Pages) {
  const { store, connecting } = deps;
  const from = fromOf(deps);
  const by = (c: C): By => ({ person: c.get("person").id, session: c.get("person").session });
  /** Pages of forms: no bell rings for them. */
  const frame = async (c: C): Promise<Frame> => ({
    ...(await frameOf(c, deps, assets, "connect.title", "accounts")),
    still: true,
  });
  const networkOf = (name: string) => connecting.networks.find((one) => one.name === name);

  const problemOf = ({ v }: Frame, { code, why = "" }: Told): ConnectProblem => {
    const there = SAID_THERE.includes(code);
    return { sentence: v.t(`connect.problem.${code}`, { why: there ? "" : why }), why: there ? why : undefined };
  };
  const statusOf = ({ code }: Told): ContentfulStatusCode => STATUS[code] ?? 422;

  async function form(c: C, status: ContentfulStatusCode = 200, typed?: Form, problem?: (f: Frame) => ConnectProblem) {
    const around = await frame(c);
    const { networks } = connecting;
    const { languages } = deps.site;
    const page = (
      <ConnectPage frame={around} networks={networks} languages={languages} form={typed} problem={problem?.(around)} />
    );
    return pages.html(c, page, status);
  }

  async function accountIn(c: C): Promise<AccountRow | undefined> {
    const id = c.req.param("id") ?? "";
    return isId(id) ? accountById(store, id) : undefined;
  }

  async function anewForm(c: C, account: AccountRow, status: ContentfulStatusCode = 200, problem?: (f: Frame) => ConnectProblem) {
    const network = networkOf(account.network);
    if (!network) return pages.problem(c, 404, "problem.404");
    const around = await frame(c);
    const page = <ConnectAnewPage frame={around} account={account} network={network} problem={problem?.(around)} />;
    return pages.html(c, page, status);
  }

  /** Who gives an account to somebody else's hands must be who they say: their password, and a code where one is asked. */
  async function unproved(c: C, given: Form): Promise<"wrong" | "slow-down" | undefined> {
    const proof = { password: given["password"] ?? "", code: given["code"] ?? "", address: from(c).address };
    const answer = await prove(store, deps.keys, by(c).person, proof);
    return answer === "right" ? undefined : answer;
  }
  const proofProblem = (answer: string) => (around: Frame) => ({ sentence: around.v.t(`me.proof.${answer}`) });
  const proofStatus = (answer: string): ContentfulStatusCode => (answer === "slow-down" ? 429 : 401);

  const typedApp = (given: Form) => {
    const [id, secret] = [given["clientId"]?.trim() ?? "", given["clientSecret"]?.trim() ?? ""];
    return id === "" ? null : { id, secret };
  };

  async function failed(c: C, told: Told): Promise<Response> {
    const around = await frame(c);
    return pages.html(c, <ConnectFailedPage frame={around} problem={problemOf(around, told)} />, statusOf(told));
  }

  return {
    show: (c: C) => form(c),

    async add(c: C): Promise<Response> {
      const given = await formOf(c);
      const wrong = await unproved(c, given);
      if (wrong) return form(c, proofStatus(wrong), given, proofProblem(wrong));
      const account = {
        name: given["name"]?.trim() ?? "",
        network: given["network"] ?? "",
        server: originMeant(given["server"] ?? ""),
        authorize: given["authorize"]?.trim() ? originMeant(given["authorize"]) : null,
        lang: given["lang"] || null,
        mode: given["mode"] === "auto" ? "auto" : "review",
        takesAll: given["takes"] !== "rules",
      } as const;
      const begun = await connecting.add(account, typedApp(given), by(c));
      if (!begun.ok) return form(c, statusOf(begun), given, (around) => problemOf(around, begun));
      return pages.html(c, <ConnectAwayPage frame={await frame(c)} {...begun} />);
    },

    async showAnew(c: C): Promise<Response> {
      const account = await accountIn(c);
      return account ? anewForm(c, account) : pages.problem(c, 404, "problem.404");
    },
    async anew(c: C): Promise<Response> {
      const account = await accountIn(c);
      if (!account) return pages.problem(c, 404, "problem.404");
      const given = await formOf(c);
      const wrong = await unproved(c, given);
      if (wrong) return anewForm(c, account, proofStatus(wrong), proofProblem(wrong));
      const begun = await connecting.anew(account.id, typedApp(given), by(c));
      if (!begun.ok) return anewForm(c, account, statusOf(begun), (around) => problemOf(around, begun));
      return pages.html(c, <ConnectAwayPage frame={await frame(c)} {...begun} />);
    },

    /** The address, which holds the code, is left at once: it stays in no page and is told to nobody. */
    async come(c: C): Promise<Response> {
      // A HEAD is answered by the same handler, and must not use anything up.
      if (c.req.method !== "GET") return c.body(null, 405, { Allow: "GET" });
      const asked = (name: string) => (c.req.query(name) ?? "").slice(0, 2_048);
      const told = { state: asked("state"), code: asked("code"), error: asked("error") };
      const came = await connecting.come(c.req.param("network") ?? "", told, by(c));
      return came.ok ? c.redirect(`/accounts/connections/${came.id}`, 303) : failed(c, came);
    },

    async showGiven(c: C): Promise<Response> {
      const id = c.req.param("id") ?? "";
      const given = isId(id) ? await connecting.given(id, by(c)) : undefined;
      if (!given) return failed(c, { code: "expired" });
      return pages.html(c, <ConnectGivenPage frame={await frame(c)} given={given} />);
    },
    async confirm(c: C): Promise<Response> {
      const id = c.req.param("id") ?? "";
      const done = isId(id) ? await connecting.confirm(id, by(c)) : ({ ok: false, code: "expired" } as const);
      return done.ok ? c.redirect(withQuery("/accounts", { said: "connected" }), 303) : failed(c, done);
    },
    async refuse(c: C): Promise<Response> {
      const id = c.req.param("id") ?? "";
      if (isId(id)) await connecting.drop(id, by(c));
      return c.redirect(withQuery("/accounts", { said: "not-connected" }), 303);
    },
  };
}
