import { createHash } from "node:crypto";
import type { TwitterApiTokens } from "twitter-api-v2";
import { Fault } from "../../lib/fault.ts";
import { list } from "../../lib/json.ts";
import type { Outbound } from "../../lib/outbound/outbound.ts";
import { say } from "../../lib/say.ts";
import type { Clock } from "../../lib/time.ts";
import { hearing, serverScope } from "../hearing.ts";
import { wordless, type Account, type SharedScope } from "../network.ts";
import { fullAgainAt, ratesOf } from "./buckets.ts";
import { request, type Wanted } from "./request.ts";
import type { Session, Sessions } from "./session.ts";
import { parsed, problem, sentence } from "./told.ts";

/** What X answered, read. */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined when the body is not JSON. */
  readonly json: unknown;
  /** X's own sentence, short, on one line and never with a key of ours in it. */
  readonly told: string;
  /** When it wants to be asked again (ms since the epoch, our clock), where it said so. */
  readonly later: { readonly retryAt?: number };
  /** By what the request was let in: the account's own keys, or a person's sign-in. */
  readonly by: "keys" | "sign-in";
  /** X took the token no more, so that the request did nothing; there is a new one now. */
  readonly renewed: boolean;
}

/** Asks X once, as the account. Throws what the outbound, the secret or the session throws. */
export type Ask = (account: Account, wanted: Omit<Wanted, "timeoutMs">) => Promise<Reply>;

interface Deps {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly requestMs: number;
}

type Keys = Required<Pick<TwitterApiTokens, "appKey" | "appSecret" | "accessToken" | "accessSecret">>;

/** The account's four keys, read at the moment of use. */
async function keysOf({ secret }: Account): Promise<Keys> {
  return {
    appKey: await secret.get("appKey"),
    appSecret: await secret.get("appSecret"),
    accessToken: await secret.get("accessToken"),
    accessSecret: await secret.get("accessSecret"),
  };
}

/**
 * A request that X did not let in because its token had ended did nothing: a reading one is made again with the next token,
 * one that changes something is the delivery's to repeat.
 */
export function createAsk({ outbound, clock, sessions, requestMs }: Deps): Ask {
  async function once(account: Account, wanted: Omit<Wanted, "timeoutMs">, session: Session | undefined): Promise<Reply> {
    const keys = session ? undefined : await keysOf(account);
    const server = URL.parse(account.server);
    if (server === null) throw new Fault("X_SERVER", say`${account.name} has no server; it is usually https://api.x.com.`);
    const app = appScope(keys?.appKey ?? (await account.secret.get("clientId")));
    const answer = await hearing(
      { account, url: server, now: clock.now },
      () => request(outbound, server, keys ?? session!.access, { ...wanted, timeoutMs: requestMs }),
      ({ headers }, now) => ratesOf(headers, { app, of: limited(wanted), now }),
      ({ body }) => (limited(wanted) === "reads" ? list(parsed(body), "data").length : 0),
    );
    const json = parsed(answer.body);
    const said = problem(json);
    const when = fullAgainAt(answer.headers, clock.now());
    const secrets = keys ? Object.values(keys) : [session!.access, session!.refresh];
    return {
      status: answer.status,
      headers: answer.headers,
      json,
      told: said === null ? wordless(answer.headers["content-type"]) : sentence(said, secrets),
      later: when === undefined ? {} : { retryAt: when },
      by: keys ? "keys" : "sign-in",
      renewed: false,
    };
  }

  return async (account, wanted) => {
    const session = await sessions.of(account);
    const reply = await once(account, wanted, session);
    if (reply.status !== 401 || !session) return reply;
    const next = await sessions.after(account, session);
    if (!next) return reply;
    return wanted.method === "GET" ? once(account, wanted, next) : { ...reply, renewed: true };
  };
}

/** What the account shares with others: X itself, and the app, where its key is known. */
export async function scopesOf(account: Account): Promise<readonly SharedScope[]> {
  const app = (await account.secret.find("appKey")) ?? (await account.secret.find("clientId"));
  return [...serverScope(account), ...(app === undefined ? [] : [appScope(app)])];
}

/** A key is long and random: from so little of its hash nobody guesses it. */
function appScope(appKey: string): SharedScope {
  return `app:x:${createHash("sha256").update(`slugline app ${appKey}`).digest("hex").slice(0, 12)}`;
}

/** Each kind of request has a bucket of its own. Pictures are part of posts; nobody waits for the others. */
function limited({ method, path }: Pick<Wanted, "method" | "path">): "posts" | "reads" | null {
  if (method === "POST") return "posts";
  return method === "GET" && path.startsWith("users/") && path !== "users/me" ? "reads" : null;
}

/** What an account is known by in a process: replaced keys are other keys. */
export async function fingerprintOf(account: Account): Promise<string> {
  const { appKey, accessToken } = await keysOf(account);
  return createHash("sha256").update(`${account.server}\n${appKey}\n${accessToken}`).digest("base64url");
}
