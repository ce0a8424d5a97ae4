import type { IncomingHttpHeaders } from "node:http";
import { createApi, type Call, type Route, type XPicture, type XUser } from "./x-api.ts";
import { BODIES, bodyOf, echoOf, USAGE_CAPPED, type XCall } from "./x-faults.ts";
import { oauthOf, wrongSignature, type XKeys } from "./x-oauth.ts";
import type { XPost } from "./x-post.ts";
import { createXSignIn, X_APP, type XApp } from "./x-sign-in.ts";
import { wrongBy } from "./x-schema.ts";
import { createScript, startWire, type Logged, type Reply, type WireFault } from "./wire.ts";

export const X_KEYS: XKeys = {
  appKey: "standin-app-key",
  appSecret: "standin-app-secret",
  accessToken: "1001-standin-access-token",
  accessSecret: "standin-access-secret",
};

export interface XOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** Whose keys are known. Default: X_KEYS are `example`'s. */
  readonly accounts?: readonly (XUser & { readonly keys: XKeys })[];
  /** Apps that people may give access to (OAuth 2.0). Default: X_APP. */
  readonly apps?: readonly XApp[];
  /** How long the same words are refused again (ms). Default 12 hours; 0: never. */
  readonly duplicateMs?: number;
  readonly maxWeight?: number;
  /** How many polls a picture is still being processed for. Default 0: done at once. */
  readonly mediaPolls?: number;
  /** Posts per 15 minutes and user, per day and app, per day and user. */
  readonly limits?: { readonly quarter?: number; readonly appDay?: number; readonly userDay?: number };
  /** What the parameter for a post's fields may be called. */
  readonly fieldNames?: readonly string[];
  /** Answers bear no `Date`. */
  readonly dateless?: boolean;
  /** Answers what is asked of paths that begin with `/__`, which X does not have and no log keeps. */
  readonly control?: (path: string, body: Buffer) => object;
}

export interface XStandIn extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Every post that came to be, oldest first; removed ones stay, with `deleted`. */
  readonly accepted: XPost[];
  readonly pictures: XPicture[];
  readonly requests: Logged[];
  /** Answers of this stand-in that X's own schema would not allow. */
  readonly violations: string[];
  /** The sign-in there, and what it gave. */
  readonly signIn: ReturnType<typeof createXSignIn>;
  /** Who is signed in there, in the browser that comes to agree. */
  visitor: XUser;
  /** The visitor presses Cancel. */
  denies: boolean;
  /** For how many read-backs a new post stays invisible. */
  lagReads: number;
  duplicateMs: number;
  /** US dollars that are left. */
  credits: number;
  usageCapped: boolean;
  /** Posts that carry this link, also removed ones: more than one is a duplicate. */
  byLink(link: string): XPost[];
  /** What befalls the next `times` calls of this kind (default: one publish). Faults queue up in order. */
  next(fault: WireFault, times?: number, call?: XCall | "any"): void;
  clearFaults(): void;
  /** Puts a post there by other means (the web page, another program). */
  seed(text: string, options?: { createdAt?: number; accessToken?: string }): XPost;
  /** Moves X's clock; signatures are still checked by the machine's. */
  advance(ms: number): void;
  close(): Promise<void>;
}

const QUARTER_MS = 15 * 60_000;
const DAY_MS = 86_400_000;

/**
 * A server that speaks X's API v2, as far as a program that posts hears it: OAuth 1.0a signatures, posts, pictures,
 * read-back behind t.co, credits, caps, buckets of 15 minutes and of a day, the rule on duplicates, and the faults that
 * are put into its script. Where X's own OpenAPI document is at hand, every request and good answer is checked by it.
 */
export async function startX(options: XOptions = {}): Promise<XStandIn> {
  const accounts = options.accounts ?? [{ id: "1001", username: "example", keys: X_KEYS }];
  const script = createScript<XCall>("publish");
  const nonces = new Set<string>();
  const used = new Map<string, number>();
  let shift = 0;
  const now = () => Date.now() + shift;
  const { routes, accepted, pictures, add } = createApi({
    mediaPolls: options.mediaPolls ?? 0,
    maxWeight: options.maxWeight ?? 280,
    fieldNames: options.fieldNames ?? ["tweet.fields", "post.fields"],
    now,
    duplicateMs: () => standIn.duplicateMs,
    lagReads: () => standIn.lagReads,
  });

  const signIn = createXSignIn({
    apps: options.apps ?? [X_APP],
    user: () => standIn.visitor,
    denies: () => standIn.denies,
    now,
  });

  /** By the account's own keys, signed; or by a bearer token that a person gave. And the app that asks. */
  function comerOf(route: Route, call: Omit<Call, "user">): { user: XUser; app: string } | undefined {
    const bearer = bearerOf(call.headers);
    if (bearer !== undefined) return signIn.comerOf(bearer);
    const account = accounts.find(({ keys }) => keys.accessToken === oauthOf(call.headers)["oauth_token"]);
    const signed = { method: route.method, url: call.url, headers: call.headers, nonces, now: Date.now() };
    return account && wrongSignature(signed, account.keys) === null ? { user: account, app: account.keys.appKey } : undefined;
  }

  /** Counts the call in every bucket; a refused one counts nowhere. */
  function buckets(
    route: Route,
    { user, app }: { user: XUser; app: string },
  ): { headers: Record<string, string>; over: boolean } {
    const posts = route.call === "publish";
    const { quarter = 100, appDay = 10_000, userDay = 10_000 } = options.limits ?? {};
    const all = [
      { name: "x-rate-limit", of: `${route.call} ${user.id}`, limit: posts ? quarter : 900, windowMs: QUARTER_MS },
      ...(posts ? [{ name: "x-app-limit-24hour", of: app, limit: appDay, windowMs: DAY_MS }] : []),
      ...(posts ? [{ name: "x-user-limit-24hour", of: user.id, limit: userDay, windowMs: DAY_MS }] : []),
    ].map((bucket) => {
      const window = Math.floor(now() / bucket.windowMs);
      const key = `${bucket.name} ${bucket.of} ${window}`;
      return { ...bucket, key, count: used.get(key) ?? 0, reset: ((window + 1) * bucket.windowMs) / 1000 };
    });
    const over = all.some(({ count, limit }) => count >= limit);
    if (!over) for (const { key, count } of all) used.set(key, count + 1);
    const headers = all.flatMap(({ name, limit, count, reset }) => [
      [`${name}-limit`, String(limit)],
      [`${name}-remaining`, String(Math.max(limit - count - (over ? 0 : 1), 0))],
      [`${name}-reset`, String(reset)],
    ]);
    return { headers: Object.fromEntries(headers) as Record<string, string>, over };
  }

  function costOf(route: Route, body: Buffer): number {
    if (route.call === "publish") return /https?:/.test(body.toString()) ? 0.2 : 0.015;
    return route.call === "read" ? 0.005 : 0;
  }

  /** Signature, buckets, cap and credits, then the route itself. */
  function answerTo(route: Route, call: Omit<Call, "user">): Reply {
    const comer = comerOf(route, call);
    if (!comer) return { status: 401, body: BODIES[401] };
    const { headers, over } = buckets(route, comer);
    if (over) return { status: 429, body: BODIES[429], headers };
    if (standIn.usageCapped && route.call !== "verify") return { status: 429, body: USAGE_CAPPED, headers };
    const cost = costOf(route, call.body);
    if (cost > standIn.credits) return { status: 402, body: BODIES[402], headers };
    const answer = route.handle({ ...call, user: comer.user });
    if (answer.status < 300) {
      standIn.credits -= cost;
      const wrong = wrongBy(route.answer, answer.body);
      if (wrong !== null) standIn.violations.push(wrong);
    }
    return { ...answer, headers: { ...headers, ...answer.headers } };
  }

  const wire = await startWire<XCall>({
    script,
    now,
    port: options.port,
    dateless: options.dateless,
    control: options.control,
    notFound: { status: 404, body: BODIES[404] },
    bodyOf,
    echoOf,
    asked({ method, url, headers, body }) {
      if (url.pathname === "/i/oauth2/authorize") return { call: "authorize", secret: "", act: () => signIn.authorize(url) };
      if (method === "POST" && url.pathname === "/2/oauth2/token") {
        const shown = new URLSearchParams(body.toString());
        const secret = shown.get("refresh_token") ?? shown.get("code") ?? "";
        return { call: "token", secret, act: () => signIn.token(headers, body) };
      }
      const route = routes.find((one) => one.method === method && one.path.test(url.pathname));
      if (!route) return undefined;
      const match = route.path.exec(url.pathname) as RegExpExecArray;
      const secret = bearerOf(headers) ?? oauthOf(headers)["oauth_token"] ?? "";
      return { call: route.call, secret, act: () => answerTo(route, { url, body, headers, match }) };
    },
  });
  const standIn: XStandIn = {
    url: wire.url,
    port: wire.port,
    accepted,
    pictures,
    requests: wire.requests,
    violations: [],
    signIn,
    visitor: accounts[0]!,
    denies: false,
    lagReads: 0,
    duplicateMs: options.duplicateMs ?? DAY_MS / 2,
    credits: Infinity,
    usageCapped: false,
    byLink: (link) => accepted.filter(({ text }) => text.split(/\s+/).includes(link)),
    next: script.next,
    clearFaults: script.clear,
    seed: (text, { createdAt, accessToken = X_KEYS.accessToken } = {}) => {
      const user = accounts.find(({ keys }) => keys.accessToken === accessToken) ?? accounts[0]!;
      return add(text, user, createdAt === undefined ? {} : { createdAt });
    },
    advance: (ms) => void (shift += ms),
    close: wire.close,
    [Symbol.asyncDispose]: wire.close,
  };
  return standIn;
}

function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
}
