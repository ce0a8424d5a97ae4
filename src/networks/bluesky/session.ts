import { say } from "../../lib/say.ts";
import type { Clock } from "../../lib/time.ts";
import { beforehand, type Account } from "../network.ts";
import type { Ask, Call, Reply } from "./ask.ts";
import { keptSession, serviceOf, type Session } from "./kept.ts";
import { failed, failedBy, type Failed } from "./outcome.ts";

/** An access token this close to its end is renewed before it is used (ms). */
const ENDING_MS = 60_000;
/** What a server says of a token that another one, of the same session or a new one, may replace. */
const RENEWABLE = new Set(["ExpiredToken", "InvalidToken"]);

interface Deps {
  readonly ask: Ask;
  readonly clock: Clock;
}

export interface Sessions {
  /** A session to ask with: the kept one, renewed where it has ended; a login only where there is none. */
  of(account: Account, signal: AbortSignal): Promise<Session | Failed>;
  /** The same, after the server has been asked whether it still stands: what a revoked app password is known by. */
  proven(account: Account, signal: AbortSignal): Promise<Session | Failed>;
  /** Makes a call as the account. One whose token the server does not take did nothing, and is made again with a new one. */
  ask<Data>(
    account: Account,
    session: Session,
    call: Call<Data>,
    options: { readonly signal: AbortSignal; readonly beforeWrite?: (() => void) | undefined },
  ): Promise<Reply<Data> | Failed>;
}

/**
 * The account's session with its server, kept between posts and processes: servers allow few logins (30 in five minutes,
 * 300 a day). What rotates is renewed by one process at a time and stored before it is used.
 */
export function createSessions({ ask, clock }: Deps): Sessions {
  async function kept(account: Account): Promise<Session | undefined> {
    return keptSession(account, await account.secret.find("session"));
  }

  async function login(account: Account, signal: AbortSignal): Promise<Session | Failed> {
    const { server, name } = account;
    const identifier = account.handle?.replace(/^@/, "");
    if (!identifier) return { kind: "locked-out", why: say`The account ${name} needs its handle to log in at ${server}.` };
    const password = await account.secret.get("password");
    const reply = await ask(account, { service: server, signal }, (agent) =>
      agent.com.atproto.server.createSession({ identifier, password }),
    );
    if (reply.data) return keep(account, reply.data);
    const outcome = beforehand(failed(reply));
    return outcome.kind === "locked-out" ? { ...outcome, why: turnedAway(account, reply) } : outcome;
  }

  async function renew(account: Account, session: Session, signal: AbortSignal): Promise<Session | Failed> {
    const where = { service: account.server, token: session.refresh, signal };
    const reply = await ask(account, where, (agent) => agent.com.atproto.server.refreshSession());
    if (reply.data?.did === session.did) return keep(account, reply.data);
    const over = reply.data !== undefined || RENEWABLE.has(reply.error ?? "") || reply.error === "AuthenticationRequired";
    return over ? login(account, signal) : beforehand(failed(reply));
  }

  async function keep(account: Account, told: Told): Promise<Session> {
    const session: Session = {
      server: account.server,
      identifier: account.handle,
      service: serviceOf(account.server, told.didDoc),
      did: told.did,
      handle: told.handle,
      active: told.active !== false,
      access: told.accessJwt,
      refresh: told.refreshJwt,
    };
    await account.secret.update("session", JSON.stringify(session));
    return session;
  }

  /** Whoever waited for the others looks first at what they left. */
  function replaced(account: Account, isGood: (session: Session) => boolean, signal: AbortSignal): Promise<Session | Failed> {
    return account.secret.alone(async () => {
      const session = await kept(account);
      if (!session) return login(account, signal);
      return isGood(session) ? session : renew(account, session, signal);
    });
  }

  const lasts = ({ access }: Session) => endOf(access) - clock.now() > ENDING_MS;

  return {
    async of(account, signal) {
      const session = await kept(account);
      return session && lasts(session) ? session : replaced(account, lasts, signal);
    },
    proven: (account, signal) => replaced(account, () => false, signal),
    async ask(account, session, call, options) {
      const reply = await ask(account, { service: session.service, token: session.access, ...options }, call);
      if (!RENEWABLE.has(reply.error ?? "")) return reply;
      const renewed = await replaced(account, ({ access }) => access !== session.access, options.signal).catch(failedBy);
      if ("kind" in renewed) return beforehand(renewed);
      return ask(account, { service: renewed.service, token: renewed.access, ...options }, call);
    },
  };
}

interface Told {
  readonly did: string;
  readonly handle: string;
  readonly accessJwt: string;
  readonly refreshJwt: string;
  readonly didDoc?: unknown;
  readonly active?: boolean | undefined;
}

/** When a token ends (ms since the epoch), as it says itself; one that cannot be read is left for the server to judge. */
function endOf(token: string): number {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1_000 : Infinity;
  } catch {
    return Infinity;
  }
}

function turnedAway({ server, name }: Account, { status, error, told }: Reply<unknown>): string {
  if (error === "AuthFactorTokenRequired")
    return say`${server} wants a second factor for ${name}: its password is the account's own. Make an app password under Settings > Privacy and security > App passwords.`;
  return say`${server} does not let ${name} log in (${status}): its handle or app password is invalid or was revoked. ${told} App passwords are made under Settings > Privacy and security.`;
}
