import { bodyOf, echoOf, type MastodonCall } from "./mastodon-faults.ts";
import { createApi, error, reply, type Call, type Picture, type Route } from "./mastodon-api.ts";
import { createMastodonSignIn } from "./mastodon-sign-in.ts";
import { linksIn, type Status } from "./mastodon-status.ts";
import { createScript, startWire, type Logged, type Reply, type WireFault } from "./wire.ts";

export interface MastodonOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** Tokens and whose they are. Default `{ "standin-token": "desk" }`. */
  readonly accounts?: Readonly<Record<string, string>>;
  /** What the tokens may do. Default `read write`; `write:statuses` and the like are understood. */
  readonly scopes?: readonly string[];
  readonly maxCharacters?: number;
  /** How long a new status stays invisible to read-back (ms); can be set later. */
  readonly lagMs?: number;
  /** For how many read-backs a new status stays invisible; can be set later. */
  readonly lagReads?: number;
  /** How many polls a picture is still being processed for (202, then 206). Default 0: done at once. */
  readonly mediaPolls?: number;
  /** Requests per five minutes and token. Default 300, as Mastodon's own. */
  readonly rateLimit?: number;
  /** Statuses that a page of a read-back counts and then leaves out, as Mastodon does with what it filters: by their text. */
  readonly hides?: (text: string) => boolean;
  /** How long tokens of a sign-in live (s); Mastodon's own for ever, the default. */
  readonly expiresIn?: number;
  /** Answers bear no `Date`. */
  readonly dateless?: boolean;
  /** The server's clock, milliseconds since the epoch. Default the machine's. */
  readonly now?: () => number;
  /** Answers what is asked of paths that begin with `/__`, which no Mastodon has and no log keeps. */
  readonly control?: (path: string, body: Buffer) => object;
}

export interface MastodonStandIn extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The first account's token. */
  readonly token: string;
  /** Every status that came to be, oldest first; removed ones stay, with `deleted`. */
  readonly accepted: Status[];
  readonly pictures: Picture[];
  readonly requests: Logged[];
  /** The sign-in there, and the apps that registered. */
  readonly signIn: ReturnType<typeof createMastodonSignIn>;
  /** Who is signed in there, in the browser that comes to agree. */
  visitor: string;
  /** The visitor presses Deny. */
  denies: boolean;
  lagMs: number;
  lagReads: number;
  /** Statuses that carry this link, also removed ones: more than one is a duplicate. */
  byLink(link: string): Status[];
  /** What befalls the next `times` calls of this kind (default: one publish). Faults queue up in order. */
  next(fault: WireFault, times?: number, call?: MastodonCall | "any"): void;
  clearFaults(): void;
  /** Puts a status there by other means (the web page, another program). */
  seed(text: string, options?: { createdAt?: number; token?: string }): Status;
  /** Forgets all idempotency keys, as Redis does after their hour. */
  expireKeys(): void;
  /** Moves the server's clock. */
  advance(ms: number): void;
  /** From now on every token is told that it was revoked. */
  revoke(): void;
  close(): Promise<void>;
}

const WINDOW_MS = 300_000;

/**
 * A server that speaks Mastodon's dialect, as far as a program that posts hears it: statuses, media, read-back, limits,
 * idempotency by key (stored after the status, for an hour), rate limits, and the faults that are put into its script.
 */
export async function startMastodon(options: MastodonOptions = {}): Promise<MastodonStandIn> {
  const accounts: Record<string, string> = { ...(options.accounts ?? { "standin-token": "desk" }) };
  const scopes = options.scopes ?? ["read", "write"];
  const script = createScript<MastodonCall>("publish");
  const used = new Map<string, number>();
  let shift = 0;
  let revoked = false;
  const now = () => (options.now?.() ?? Date.now()) + shift;
  const { routes, accepted, pictures, add, expireKeys } = createApi({
    maxCharacters: options.maxCharacters ?? 500,
    mediaPolls: options.mediaPolls ?? 0,
    now,
    origin: () => standIn.url,
    lag: () => ({ ms: standIn.lagMs, reads: standIn.lagReads }),
    hides: options.hides ?? (() => false),
  });

  const signIn = createMastodonSignIn({
    now,
    visitor: () => standIn.visitor,
    denies: () => standIn.denies,
    admit: (token, username) => void (accounts[token] = username),
    expiresIn: options.expiresIn,
  });

  /** What is asked without a token. */
  function signingIn(method: string, url: URL, body: Buffer) {
    const form = () => new URLSearchParams(body.toString());
    const secret = form().get("client_secret") ?? "";
    if (method === "POST" && url.pathname === "/api/v1/apps")
      return { call: "apps", secret, act: () => signIn.register(form()) } as const;
    if (method === "POST" && url.pathname === "/oauth/token")
      return { call: "token", secret, act: () => signIn.token(form()) } as const;
    if (url.pathname === "/oauth/authorize") return { call: "authorize", secret, act: () => signIn.authorize(url) } as const;
    return undefined;
  }

  function limited(token: string): { headers: Record<string, string>; over: boolean } {
    const limit = options.rateLimit ?? 300;
    const window = Math.floor(now() / WINDOW_MS);
    const count = (used.get(`${token} ${window}`) ?? 0) + 1;
    used.set(`${token} ${window}`, count);
    const reset = new Date((window + 1) * WINDOW_MS).toISOString().replace(/\.(\d{3})Z$/, ".$1000Z");
    return {
      headers: {
        "x-ratelimit-limit": String(limit),
        "x-ratelimit-remaining": String(Math.max(limit - count, 0)),
        "x-ratelimit-reset": reset,
      },
      over: count > limit,
    };
  }

  /** Token, rate limit and scope, in Mastodon's order; then the route itself. */
  function answerTo(route: Route, call: Omit<Call, "username">, token: string): Reply {
    const username = accounts[token];
    if (route.scope === undefined) return route.handle({ ...call, username: "" });
    const { headers, over } = limited(token);
    if (over) return reply(429, { error: "Too many requests" }, headers);
    if (username === undefined) return error(401, "The access token is invalid");
    if (revoked) return error(401, "The access token was revoked");
    const allowed = scopes.includes(route.scope) || scopes.includes(route.scope.split(":")[0] ?? "");
    if (!allowed) return error(403, "This action is outside the authorized scopes");
    const answer = route.handle({ ...call, username });
    return { ...answer, headers: { ...headers, ...answer.headers } };
  }

  const wire = await startWire<MastodonCall>({
    script,
    now,
    port: options.port,
    dateless: options.dateless,
    control: options.control,
    notFound: error(404, "Record not found"),
    bodyOf,
    echoOf,
    asked({ method, url, headers, body }) {
      const coming = signingIn(method, url, body);
      if (coming) return coming;
      const route = routes.find((one) => one.method === method && one.path.test(url.pathname));
      if (!route) return undefined;
      const secret = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
      const match = route.path.exec(url.pathname) as RegExpExecArray;
      const act = (keepKey: boolean) => answerTo(route, { url, body, headers, match, keepKey }, secret);
      return { call: route.call, secret, act };
    },
  });
  const standIn: MastodonStandIn = {
    url: wire.url,
    port: wire.port,
    token: Object.keys(accounts)[0] ?? "",
    accepted,
    pictures,
    requests: wire.requests,
    signIn,
    visitor: Object.values(accounts)[0] ?? "desk",
    denies: false,
    lagMs: options.lagMs ?? 0,
    lagReads: options.lagReads ?? 0,
    byLink: (link) => accepted.filter(({ text }) => linksIn(text).includes(link)),
    next: script.next,
    clearFaults: script.clear,
    seed: (text, { createdAt = now(), token = standIn.token } = {}) => add({ text, createdAt }, accounts[token] ?? ""),
    expireKeys,
    advance: (ms) => void (shift += ms),
    revoke: () => void (revoked = true),
    close: wire.close,
    [Symbol.asyncDispose]: wire.close,
  };
  return standIn;
}
