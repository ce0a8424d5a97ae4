import type { Answer, Outbound, RequestOptions } from "../../lib/outbound/outbound.ts";
import { retryAt } from "../../lib/retry-after.ts";
import { cleanText } from "../../lib/text/clean.ts";
import type { Clock } from "../../lib/time.ts";
import type { Account } from "../network.ts";
import { text } from "./json.ts";

/** What a server answered, read. */
export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined when the body is not JSON. */
  readonly json: unknown;
  /** The server's own sentence, short, on one line and never with our token in it. */
  readonly told: string;
  /** When it wants to be asked again (ms since the epoch, our clock), where it said so. */
  readonly later: { readonly retryAt?: number };
}

/** Asks an account's server once, with the account's token. Throws what the outbound or the secret throws. */
export type Ask = (account: Account, path: string, options?: RequestOptions) => Promise<Reply>;

interface Deps {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly requestMs: number;
}

export function createAsk(deps: Deps): Ask {
  return async (account, path, options = {}) => {
    const token = await account.secret.get("token");
    return request(deps, account, path, { ...options, headers: { authorization: `Bearer ${token}`, ...options.headers } }, token);
  };
}

/** Asks what a server tells everybody, without the token. */
export function createAskOpenly(deps: Deps): Ask {
  return (account, path, options = {}) => request(deps, account, path, options, "");
}

async function request(deps: Deps, account: Account, path: string, options: RequestOptions, token: string): Promise<Reply> {
  const headers = { accept: "application/json", ...options.headers };
  const answer = await deps.outbound.request(new URL(path, account.server), { timeoutMs: deps.requestMs, ...options, headers });
  const json = parsed(answer);
  const when = retryAt(answer.headers, deps.clock.now());
  return {
    status: answer.status,
    headers: answer.headers,
    json,
    told: sentence(text(json, "error") ?? `the answer is ${answer.headers["content-type"] ?? "of no type"}`, token),
    later: when === undefined ? {} : { retryAt: when },
  };
}

function parsed(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The token goes before the sentence is cut, so that no piece of it is left at the end. */
function sentence(said: string, token: string): string {
  const forms = [token, encodeURIComponent(token)].filter((form) => form !== "");
  const harmless = forms.reduce((so, form) => so.replaceAll(form, "[the token]"), cleanText(said));
  return `${harmless.slice(0, 300).replace(/\.$/, "")}.`;
}
