import { randomBytes } from "node:crypto";
import { codeOf, sentenceOf } from "../lib/fault.ts";
import { newId } from "../lib/id.ts";
import type { App, Connected, SignIn } from "../networks/network.ts";
import type { Store } from "../store/db.ts";
import {
  challengeOf,
  problemOf,
  variablesOf,
  type AskedProblem,
  type By,
  type CameProblem,
  type ConnectNetwork,
  type NewAccount,
  type No,
  type Ticket,
} from "./connect.ts";
import {
  dropAttempt,
  findApp,
  givenAttempt,
  keepApp,
  keepGiven,
  openAttempt,
  takeState,
  ticketOf,
  whyNotTaken,
  type AttemptRow,
  type AttemptSpec,
} from "./connect-store.ts";
import { isDisabled, nameTaken, writeConnected, wrongAccount, type Confirmed, type ConnectedDeps } from "./connected.ts";
import { driverAccount, keepIn } from "./drivers.ts";
import { accountById, type AccountRow } from "./store.ts";

export interface ConnectDeps extends ConnectedDeps {
  readonly store: Store;
  /** The usual servers, by network. */
  readonly servers: Readonly<Record<string, string | null>>;
  readonly publicUrl: string;
}

/** The id and secret of an app that a person made by hand. */
type Typed = { readonly id: string; readonly secret: string } | null;

type Begun = { readonly ok: true; readonly page: string; readonly host: string } | No<AskedProblem>;
type Came = { readonly ok: true; readonly id: string } | No<CameProblem>;

/** Whose account it turned out to be, for the person to confirm. */
export interface Given {
  readonly id: string;
  readonly network: string;
  readonly server: string;
  /** Ours: the account that is added, or connected anew. */
  readonly account: string;
  readonly anew: boolean;
  readonly handle: string | null;
}

/** How accounts are connected: begun by a POST of ours, come back from the network, confirmed by a POST of ours. */
export interface Connecting {
  readonly networks: readonly ConnectNetwork[];
  add(account: NewAccount, typed: Typed, by: By): Promise<Begun>;
  anew(accountId: string, typed: Typed, by: By): Promise<Begun>;
  come(network: string, told: { readonly state: string; readonly code: string; readonly error: string }, by: By): Promise<Came>;
  given(id: string, by: By): Promise<Given | undefined>;
  confirm(id: string, by: By): Promise<Confirmed>;
  drop(id: string, by: By): Promise<void>;
}

const WITHIN_MS = 20_000;

export function createConnecting(deps: ConnectDeps): Connecting {
  const { store, keys, networks, publicUrl } = deps;
  const kept = keepIn(store, keys);
  const signInOf = (network: string): SignIn | undefined => networks.get(network)?.signIn;
  const callbackOf = (network: string) => `${publicUrl}/connect/${network}/callback`;

  async function begin(
    it: { network: string; server: string; authorize: string | null; account: NewAccount | null; accountId: string | null },
    own: App | undefined,
    by: By,
  ): Promise<Begun> {
    const signIn = signInOf(it.network);
    if (!signIn) return { ok: false, code: "network" };
    const { network, server } = it;
    const [callback, authorize] = [callbackOf(network), it.authorize ?? signIn.authorize ?? server];
    const where = { network, server, callback };
    const known = await findApp(store, keys, where);
    let app: App | undefined;
    try {
      app = signIn.register ? await signIn.register({ server, callback }, known, AbortSignal.timeout(WITHIN_MS)) : (own ?? known);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      return { ok: false, code: "away", why: sentenceOf(error) };
    }
    if (!app) return { ok: false, code: "app" };
    if (app !== known) await keepApp(store, keys, where, app);
    const ticket: Ticket = { app, verifier: randomBytes(48).toString("base64url") };
    const state = randomBytes(32).toString("base64url");
    const spec: AttemptSpec = { server, authorize, callback, account: it.account };
    await store.transaction((db) =>
      openAttempt(db, keys, { id: newId(), state, by, network, accountId: it.accountId, spec, ticket }),
    );
    const page = signIn.page({ server, authorize, callback, app }, { state, challenge: challengeOf(ticket.verifier) });
    return { ok: true, page: page.href, host: page.host };
  }

  async function add(account: NewAccount, typed: Typed, by: By): Promise<Begun> {
    if (!signInOf(account.network)) return { ok: false, code: "network" };
    const code = problemOf(account);
    if (code) return { ok: false, code };
    if (await nameTaken(store, account.name)) return { ok: false, code: "name-taken" };
    return begin({ ...account, account, accountId: null }, appOf(typed), by);
  }

  async function anew(accountId: string, typed: Typed, by: By): Promise<Begun> {
    const row = await accountById(store, accountId);
    if (!row || !signInOf(row.network)) return { ok: false, code: "network" };
    if (variablesOf(row.settings).length > 0) return { ok: false, code: "in-file", why: variablesOf(row.settings).join(", ") };
    if (await isDisabled(store, row.id)) return { ok: false, code: "disabled" };
    const authorize = typeof row.settings["authorize"] === "string" ? row.settings["authorize"] : null;
    const { network, server } = row;
    return begin({ network, server, authorize, account: null, accountId: row.id }, appOf(typed) ?? (await ownApp(row)), by);
  }

  /** The app that the account's own secrets name. */
  async function ownApp(row: AccountRow): Promise<App | undefined> {
    const { secret } = driverAccount(row, deps.secrets, kept);
    const id = await secret.find("clientId");
    return id === undefined ? undefined : { id, secret: (await secret.find("clientSecret")) ?? null };
  }

  async function come(
    network: string,
    { state, code, error }: { state: string; code: string; error: string },
    by: By,
  ): Promise<Came> {
    const row = await takeState(store, { state, network, by });
    const signIn = signInOf(network);
    if (!row || !signIn) return { ok: false, code: await whyNotTaken(store, { state, network, by }) };
    if (error !== "" || code === "") return turnedAway(row, error === "access_denied" ? "denied" : "refused", error);
    const { app, verifier } = ticketOf(row, keys);
    let given: Connected;
    try {
      given = await signIn.finish({ ...row.spec, app }, { code, verifier }, AbortSignal.timeout(WITHIN_MS));
    } catch (thrown) {
      if (codeOf(thrown) === undefined) throw thrown;
      return turnedAway(row, "away", sentenceOf(thrown));
    }
    if (given.kind === "refused") return turnedAway(row, "refused", given.why);
    const wrong = await wrongAccount(store, row, { id: given.id, handle: given.handle });
    if (wrong) return turnedAway(row, wrong.code, wrong.why);
    await keepGiven(store, keys, row.id, given);
    return { ok: true, id: row.id };
  }

  /** Its state is used up, and so is all that was kept for it. */
  async function turnedAway(row: AttemptRow, code: CameProblem, why = ""): Promise<Came> {
    await store.query("update slugline.connect_attempt set sealed = null where id = $1", [row.id]);
    return { ok: false, code, why };
  }

  async function confirm(id: string, by: By): Promise<Confirmed> {
    const seen = await givenAttempt(store, id, by);
    const write = () => store.transaction((db) => writeConnected(db, deps, id, by));
    // A renewal of the old access that is under way must not be stored over the new one.
    return seen?.account_id ? kept.alone(seen.account_id, write) : write();
  }

  return {
    networks: [...networks.values()].flatMap(({ name, signIn }) =>
      signIn
        ? [
            {
              name,
              server: deps.servers[name] ?? null,
              authorize: signIn.authorize ?? null,
              byHand: signIn.register === undefined,
              callback: callbackOf(name),
            },
          ]
        : [],
    ),
    add,
    anew,
    come,
    async given(id, by) {
      const row = await givenAttempt(store, id, by);
      if (!row) return undefined;
      const ours = row.account_id === null ? undefined : await accountById(store, row.account_id);
      const account = row.spec.account?.name ?? ours?.name ?? "";
      const { network, remote_handle: handle } = row;
      return { id, network, server: row.spec.server, account, anew: row.account_id !== null, handle };
    },
    confirm,
    async drop(id, by) {
      if (await givenAttempt(store, id, by)) await dropAttempt(store, id);
    },
  };
}

function appOf(typed: Typed): App | undefined {
  return typed === null || typed.id === "" ? undefined : { id: typed.id, secret: typed.secret === "" ? null : typed.secret };
}
