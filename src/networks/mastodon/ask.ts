import { text } from "../../lib/json.ts";
import type { Answer, Outbound, RequestOptions } from "../../lib/outbound/outbound.ts";
import { retryAt } from "../../lib/retry-after.ts";
import { cleanText } from "../../lib/text/clean.ts";
import type { Clock } from "../../lib/time.ts";
import { hearing, rateOf } from "../hearing.ts";
import { wordless, type Account, type Rate } from "../network.ts";

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
  const url = new URL(path, account.server);
  const answer = await hearing(
    { account, url, now: deps.clock.now },
    () => deps.outbound.request(url, { timeoutMs: deps.requestMs, ...options, headers }),
    (told, now) => rateOf(told.headers, "x-ratelimit", { scope: "account", of: limited(options.method, path) }, now),
  );
  const json = parsed(answer);
  const said = text(json, "error");
  const when = retryAt(answer.headers, deps.clock.now());
  return {
    status: answer.status,
    headers: answer.headers,
    json,
    told: said === null ? wordless(answer.headers["content-type"]) : sentence(said, [token]),
    later: when === undefined ? {} : { retryAt: when },
  };
}

/** A post's answer tells of the limit on posts, a picture's of that on pictures, any other of the one on all requests. */
function limited(method: string | undefined, path: string): Rate["of"] {
  return method === "POST" || path.startsWith("/api/v2/media") ? "posts" : "both";
}

/** Undefined when the body is not JSON. */
export function parsed(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Tokens go before the sentence is cut, so that no piece of one is left at the end. */
export function sentence(said: string, tokens: readonly string[]): string {
  const forms = tokens.flatMap((token) => [token, encodeURIComponent(token)]).filter((form) => form !== "");
  const harmless = forms.reduce((so, form) => so.replaceAll(form, "[the token]"), cleanText(said));
  return `${harmless.slice(0, 300).replace(/\.$/, "")}.`;
}
