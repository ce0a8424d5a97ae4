import { codeOf, reasonOf } from "../lib/fault.ts";
import { retryAt } from "../lib/retry-after.ts";
import type { Account, Rate, SharedScope } from "./network.ts";

export function hostScope(url: URL): SharedScope {
  return `host:${url.host}`;
}

/** The scope of the host that an account's server names; none where it names none. */
export function serverScope({ server }: Pick<Account, "server">): readonly SharedScope[] {
  const url = URL.parse(server);
  return url === null ? [] : [hostScope(url)];
}

/** Failures of a host: it is not there, or does not speak. Not: what we forbade, gave up or could not read. */
const SILENT = new Set([
  "OUTBOUND_NAME_NOT_FOUND",
  "OUTBOUND_REFUSED",
  "OUTBOUND_TLS",
  "OUTBOUND_CONNECT_TIMEOUT",
  "OUTBOUND_CONNECT",
  "OUTBOUND_TIMEOUT",
  "OUTBOUND_BROKEN",
]);

/** What a server is believed that says it is down (503) until some moment (ms): whoever stands before it often guesses. */
const LONGEST_DOWN_MS = 3_600_000;

/**
 * Makes one request of an account's network and passes on what it taught.
 *
 * @param rates what the answer says of limits, by our clock
 * @param read how many posts it showed that the network takes money for
 * @throws what the request throws
 */
export async function hearing<Answer extends { readonly status: number; readonly headers: Readonly<Record<string, string>> }>(
  { account, url, now }: { readonly account: Account; readonly url: URL; readonly now: () => number },
  request: () => Promise<Answer>,
  rates: (answer: Answer, now: number) => readonly Rate[],
  read?: (answer: Answer) => number,
): Promise<Answer> {
  const host = hostScope(url);
  let answer: Answer;
  try {
    answer = await request();
  } catch (error) {
    if (SILENT.has(codeOf(error) ?? "")) account.heard?.({ host, status: null, failure: reasonOf(error), rates: [] });
    throw error;
  }
  const { status, headers } = answer;
  const failure = status >= 500 ? `${url.host} failed (${status}).` : null;
  account.heard?.({
    host,
    status,
    failure,
    rates: [...rates(answer, now()), ...downFor(host, status, headers, now())],
    ...(read ? { read: read(answer) } : {}),
  });
  return answer;
}

/** A server that is down (503) may say until when: that slows all who ask it, whatever became of the post. */
function downFor(host: SharedScope, status: number, headers: Readonly<Record<string, string>>, now: number): Rate[] {
  const { date, "retry-after": after } = headers;
  const when = status === 503 ? retryAt({ date, "retry-after": after }, now) : undefined;
  return when === undefined ? [] : [{ scope: host, of: "both", remaining: 0, resetAt: Math.min(when, now + LONGEST_DOWN_MS) }];
}

/**
 * A limit told by three headers of the usual kind (`X-RateLimit-Limit|Remaining|Reset`), where all that matters is there.
 *
 * @param name what the headers begin with, in lower case: `x-ratelimit`, `ratelimit`
 */
export function rateOf(
  headers: Readonly<Record<string, string>>,
  name: string,
  limits: Pick<Rate, "scope" | "of">,
  now: number,
): readonly Rate[] {
  const { date, [`${name}-remaining`]: remaining, [`${name}-reset`]: reset } = headers;
  const resetAt = reset === undefined ? undefined : retryAt({ date, "x-ratelimit-reset": reset }, now);
  if (resetAt === undefined || !/^\s*-?\d+/.test(remaining ?? "")) return [];
  return [{ ...limits, remaining: Number.parseInt(remaining ?? "", 10), resetAt }];
}
