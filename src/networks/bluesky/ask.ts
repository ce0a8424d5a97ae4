import type { Agent } from "@atproto/api";
import type { Answer, Outbound } from "../../lib/outbound/outbound.ts";
import { retryAt } from "../../lib/retry-after.ts";
import { cleanText } from "../../lib/text/clean.ts";
import type { Clock } from "../../lib/time.ts";
import { hearing, hostScope, rateOf } from "../hearing.ts";
import type { Account, Rate } from "../network.ts";

/** What a server answered, read. */
export interface Reply<Data> {
  readonly status: number;
  /** Undefined when it failed, and when its answer is not what the lexicon says. */
  readonly data: Data | undefined;
  /** XRPC's name for what the server refused (`ExpiredToken`); never shown, a server may write there what it likes. */
  readonly error: string | null;
  /** The server's own sentence, short, on one line and with no secret of ours in it. */
  readonly told: string;
  /** When it wants to be asked again (ms since the epoch, our clock), where it said so. */
  readonly later: { readonly retryAt?: number };
}

/** Where a call goes, and as whom. */
interface Where {
  /** Origin of the server. */
  readonly service: string;
  /** Undefined: asked as anybody may. */
  readonly token?: string;
  readonly signal: AbortSignal;
  readonly beforeWrite?: (() => void) | undefined;
}

/** A call of the SDK's, as it is made once there is an agent to make it. */
export type Call<Data> = (agent: Agent) => Promise<{ readonly data: Data }>;

/** Makes one call, once. Throws what the outbound throws. */
export type Ask = <Data>(account: Account, where: Where, call: Call<Data>) => Promise<Reply<Data>>;

interface Deps {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly requestMs: number;
}

/**
 * The SDK writes the calls and reads the answers; the bytes go through our own way out. Its own sessions are not used:
 * they send a request again by themselves when a token has ended, and share nothing between processes.
 */
export function createAsk({ outbound, clock, requestMs }: Deps): Ask {
  return async (account, where, call) => {
    // Loaded at the first call: it weighs more than all the rest of us, and many newsrooms are not on Bluesky.
    const { Agent, XRPCError } = await import("@atproto/api");
    let answer: Answer | undefined;
    let failure: unknown;
    const agent = new Agent({
      async fetchHandler(path, init) {
        try {
          const url = new URL(path, where.service);
          answer = await hearing(
            { account, url, now: clock.now },
            () =>
              outbound.request(url, {
                method: init?.method ?? "GET",
                headers: headersOf(init, where.token),
                timeoutMs: requestMs,
                signal: where.signal,
                ...(init?.body instanceof Uint8Array ? { body: init.body } : {}),
                ...(where.beforeWrite ? { beforeWrite: where.beforeWrite } : {}),
              }),
            (told, now) => ratesOf(url, told, now),
          );
        } catch (error) {
          failure = error;
          throw error;
        }
        return new Response(BODILESS.has(answer.status) ? null : new Uint8Array(answer.body), answer);
      },
    });
    const secrets = [where.token ?? "", await account.secret.get("password").catch(() => "")];
    try {
      const { data } = await call(agent);
      if (answer) return { status: answer.status, data, error: null, told: "", later: {} };
      throw new Error("The call was not made.");
    } catch (error) {
      if (failure !== undefined || !answer) throw failure ?? error;
      const known = error instanceof XRPCError && answer.status >= 400;
      return {
        status: answer.status,
        data: undefined,
        error: known && answer.status < 500 ? error.error : null,
        told: known ? sentence(error.message, secrets) : "the answer could not be read.",
        later: laterOf(answer, clock.now()),
      };
    }
  };
}

/** Statuses with which the Fetch standard allows no body. */
const BODILESS = new Set([204, 205, 304]);

function headersOf(init: RequestInit | undefined, token: string | undefined): Record<string, string> {
  const headers = Object.fromEntries(new Headers(init?.headers).entries());
  return { accept: "application/json", ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
}

/**
 * Which bucket an answer tells of, the tightest one, only its policy says: `5000;w=3600` and `35000;w=86400` are the points
 * of an account, which writing costs; `3000;w=300` is what one address may ask. Logins have buckets of their own, which
 * say nothing of posts.
 */
function ratesOf(url: URL, { headers }: Answer, now: number): readonly Rate[] {
  const [, limit, window] = /^\s*(\d+)\s*;\s*w=(\d+)/.exec(headers["ratelimit-policy"] ?? "") ?? [];
  if (/server\.(?:create|refresh)Session$/.test(url.pathname) || !(Number(limit) >= 1_000)) return [];
  const points = Number(window) >= 3_600;
  return rateOf(headers, "ratelimit", points ? { scope: "account", of: "posts" } : { scope: hostScope(url), of: "both" }, now);
}

/** Bluesky's own header is the one the IETF drafted: `RateLimit-Reset`, here as seconds since the epoch. */
function laterOf({ headers }: Answer, now: number): { readonly retryAt?: number } {
  const reset = headers["ratelimit-reset"];
  const when = retryAt(reset === undefined ? headers : { ...headers, "x-ratelimit-reset": reset }, now);
  return when === undefined ? {} : { retryAt: when };
}

/** The secrets go before the sentence is cut, so that no piece of one is left at the end. */
function sentence(told: string, secrets: readonly string[]): string {
  const hushed = secrets.reduce((text, secret) => (secret === "" ? text : text.replaceAll(secret, "[a secret]")), told);
  return `${cleanText(hushed).replace(/\s+/g, " ").trim().slice(0, 300).replace(/\.$/, "")}.`;
}
