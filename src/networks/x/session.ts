import { at, number, text } from "../../lib/json.ts";
import { Fault, sentenceOf } from "../../lib/fault.ts";
import type { Clock } from "../../lib/time.ts";
import type { Account, App, Renewed } from "../network.ts";
import type { AskToken } from "./token.ts";

/** What a person's sign-in gave, as it is kept among the account's secrets. */
export interface Session {
  /** Whose it is there. */
  readonly id: string;
  readonly access: string;
  /** Works once: it is changed for the next one. */
  readonly refresh: string;
  /** When the access token was given and when it ends (ms since the epoch, our clock). */
  readonly since: number;
  readonly endsAt: number;
  /** A renewal was asked for then, and its answer is not here: X may have changed the refresh token. */
  readonly asked?: number;
  /** Why nothing renews it any more. X is not asked again. */
  readonly over?: string;
}

/** An access token this close to its end is renewed before it is used, and this close in good time (ms). It lives two hours. */
const ENDING_MS = { used: 60_000, early: 15 * 60_000 };
/** A token this young that X refuses is not mended by another one (ms). */
const YOUNG_MS = 15 * 60_000;

/** What X calls a refresh token that it takes no more. A wrong secret of the app is something else: it can be put right. */
const OF_THE_TOKEN = new Set(["invalid_grant", "invalid_request"]);

export interface Sessions {
  /** Undefined: the account has keys of its own (OAuth 1.0a) instead. Renewed where it is about to end. */
  of(account: Account): Promise<Session | undefined>;
  /** After X refused its token, which did nothing: another one, or undefined where that would not help. */
  after(account: Account, refused: Session): Promise<Session | undefined>;
  /** See Network.renew. */
  renew(account: Account): Promise<Renewed>;
}

/**
 * Access that a person gave by signing in (OAuth 2.0). Refresh tokens rotate: one process at a time renews, and what comes
 * is stored, sealed, before it is used. Where an answer is lost the old one is tried once more; if X takes it no more, the
 * person signs in again, and X is left in peace until then.
 *
 * @throws Fault X_SIGNED_OUT when only a person can help, X_RENEWAL when it may work later
 */
export function createSessions({ askToken, clock }: { readonly askToken: AskToken; readonly clock: Clock }): Sessions {
  const lasts = (session: Session, ms: number) => session.endsAt - clock.now() > ms;

  async function kept(account: Account): Promise<Session> {
    const session = readSession(await account.secret.find("session"));
    if (session === undefined)
      throw signedOut(`${account.name} is not signed in to X. Connect it in the editor, under Accounts.`);
    return session;
  }

  async function appOf({ secret }: Account): Promise<App> {
    return { id: await secret.get("clientId"), secret: (await secret.find("clientSecret")) ?? null };
  }

  /** Whoever waited for the others looks first at what they left. */
  async function renewed(account: Account, isGood: (session: Session) => boolean): Promise<Session> {
    try {
      return await account.secret.alone(async () => {
        const session = await kept(account);
        return isGood(session) ? session : await change(account, session);
      });
    } catch (error) {
      if (error instanceof Fault && ["X_SIGNED_OUT", "SECRET_MISSING"].includes(error.code)) throw error;
      // What was asked for was the token: whatever became of that, no post was sent.
      throw new Fault("X_RENEWAL", `The access of ${account.name} could not be renewed: ${sentenceOf(error)}`, {}, error);
    }
  }

  async function change(account: Account, session: Session): Promise<Session> {
    if (session.over !== undefined) throw signedOut(session.over);
    const app = await appOf(account);
    const keep = (next: Session) => account.secret.update("session", JSON.stringify(next));
    await keep({ ...session, asked: session.asked ?? clock.now() });
    const given = { grant_type: "refresh_token", refresh_token: session.refresh };
    // Not to be called off: with the answer the token would be lost.
    const reply = await askToken(account.server, app, given);
    const told = reply.status === 200 ? tokensIn(reply.json) : undefined;
    if (told) {
      const { access, refresh = session.refresh, lifeMs } = told;
      const next = { id: session.id, access, refresh, since: clock.now(), endsAt: clock.now() + lifeMs };
      await keep(next);
      return next;
    }
    const error = reply.status === 400 || reply.status === 401 ? text(reply.json, "error") : null;
    if (error === null)
      throw new Fault("X_RENEWAL", `X did not renew the access of ${account.name} (${reply.status}): ${reply.told}`);
    const { asked: _, ...clean } = session;
    if (!OF_THE_TOKEN.has(error)) {
      await keep(clean);
      throw signedOut(`X does not know our app by its client id and secret (${reply.status}): ${reply.told} Put them right.`);
    }
    const lost = session.asked !== undefined ? "The answer to a renewal was lost, and X takes the one before no more" : null;
    const over = `${lost ?? `X takes the access of ${account.name} no more (${reply.status})`}: ${reply.told} Sign in again: connect the account anew in the editor, under Accounts.`;
    await keep({ ...clean, over });
    throw signedOut(over);
  }

  return {
    async of(account) {
      const { secret } = account;
      if ((await secret.find("accessToken")) !== undefined || (await secret.find("clientId")) === undefined) return undefined;
      const session = await kept(account);
      if (lasts(session, ENDING_MS.used)) return session;
      return renewed(account, (one) => lasts(one, ENDING_MS.used));
    },
    async after(account, refused) {
      if (clock.now() - refused.since < YOUNG_MS) return undefined;
      return renewed(account, ({ access }) => access !== refused.access);
    },
    async renew(account) {
      try {
        const { endsAt } = await renewed(account, (one) => lasts(one, ENDING_MS.early));
        return { kind: "renewed", endsAt, refreshEndsAt: null };
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return { kind: error.code === "X_RENEWAL" ? "busy" : "locked-out", why: error.message };
      }
    },
  };
}

/** The tokens of an answer of the token endpoint; undefined when it cannot be read. */
export function tokensIn(json: unknown): { access: string; refresh?: string; lifeMs: number } | undefined {
  const [access, refresh, seconds] = [text(json, "access_token"), text(json, "refresh_token"), number(json, "expires_in")];
  if (access === null || seconds === null) return undefined;
  return { access, ...(refresh === null ? {} : { refresh }), lifeMs: seconds * 1_000 };
}

function readSession(kept: string | undefined): Session | undefined {
  if (kept === undefined) return undefined;
  const read: unknown = JSON.parse(kept);
  const whole = ["id", "access", "refresh"].every((name) => text(read, name) !== null);
  return whole && typeof at(read, "endsAt") === "number" && typeof at(read, "since") === "number" ? (read as Session) : undefined;
}

function signedOut(sentence: string): Fault {
  return new Fault("X_SIGNED_OUT", sentence);
}
