import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { bodyOf, createScript, echoOf, type AnswerFault, type MastodonCall, type MastodonFault } from "./mastodon-faults.ts";
import { createApi, error, reply, type Call, type Picture, type Reply, type Route } from "./mastodon-api.ts";
import { linksIn, type Status } from "./mastodon-status.ts";

export type { MastodonCall, MastodonFault } from "./mastodon-faults.ts";

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
  /** Answers bear no `Date`. */
  readonly dateless?: boolean;
  /** The server's clock, milliseconds since the epoch. Default the machine's. */
  readonly now?: () => number;
  /** Answers what is asked of paths that begin with `/__`, which no Mastodon has and no log keeps. */
  readonly control?: (path: string, body: Buffer) => object;
}

interface MastodonRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly at: number;
}

export interface MastodonStandIn extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The first account's token. */
  readonly token: string;
  /** Every status that came to be, oldest first; removed ones stay, with `deleted`. */
  readonly accepted: Status[];
  readonly pictures: Picture[];
  readonly requests: MastodonRequest[];
  lagMs: number;
  lagReads: number;
  /** Statuses that carry this link, also removed ones: more than one is a duplicate. */
  byLink(link: string): Status[];
  /** What befalls the next `times` calls of this kind (default: one publish). Faults queue up in order. */
  next(fault: MastodonFault, times?: number, call?: MastodonCall): void;
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
  const accounts = options.accounts ?? { "standin-token": "desk" };
  const scopes = options.scopes ?? ["read", "write"];
  const script = createScript();
  const requests: MastodonRequest[] = [];
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

  async function serve(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = !options.dateless;
    const chunks: Buffer[] = [];
    for await (const chunk of raw) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(raw.url ?? "/", standIn.url);
    if (options.control && url.pathname.startsWith("/__")) return send(response, reply(200, options.control(url.pathname, body)));
    requests.push({ method: raw.method ?? "", path: raw.url ?? "", headers: raw.headers, body, at: now() });
    const route = routes.find(({ method, path }) => method === raw.method && path.test(url.pathname));
    if (!route) return send(response, error(404, "Record not found"));
    const token = /^Bearer (.+)$/.exec(raw.headers.authorization ?? "")?.[1] ?? "";
    const match = route.path.exec(url.pathname) as RegExpExecArray;
    const act = (keepKey = true) => answerTo(route, { url, body, headers: raw.headers, match, keepKey }, token);
    const fault = script.take(route.call);
    if (fault === undefined) return send(response, act());
    await goWrong(fault, act, response, token);
  }

  const dated = () => (options.dateless ? {} : { date: new Date(now()).toUTCString() });

  function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
    response
      .writeHead(status, { "content-type": "application/json; charset=utf-8", ...dated(), ...headers })
      .end(JSON.stringify(body));
  }

  async function goWrong(
    fault: MastodonFault,
    act: (keepKey?: boolean) => Reply,
    response: ServerResponse,
    token: string,
  ): Promise<void> {
    if (typeof fault === "number") return answerWith({ status: fault }, act, response, token);
    if (typeof fault === "object") return answerWith(fault, act, response, token);
    const done = fault.includes("before-accept") ? undefined : act(fault !== "reset-after-accept-key-lost");
    if (fault.startsWith("hang")) return;
    if (fault.startsWith("reset")) return void response.socket?.resetAndDestroy();
    const whole = JSON.stringify(done?.body ?? {});
    const type = fault === "html-200" ? "text/html" : "application/json; charset=utf-8";
    const bodies: Record<string, string> = {
      "truncated-json": whole.slice(0, Math.floor(whole.length / 2)),
      "html-200": "<!DOCTYPE html><title>Mastodon</title><p>Welcome</p>",
      "json-without-id": '{"ok":true}',
      "empty-200": "",
    };
    response.writeHead(200, { "content-type": type }).end(bodies[fault]);
  }

  async function answerWith(fault: AnswerFault, act: () => Reply, response: ServerResponse, token: string): Promise<void> {
    if (fault.waitMs !== undefined) await sleep(fault.waitMs, undefined, { ref: false });
    const done = fault.accept ? act() : undefined;
    if (fault.answerAfterMs !== undefined) await sleep(fault.answerAfterMs, undefined, { ref: false });
    if (fault.status === 200 && done && fault.body === undefined) return send(response, done);
    const { type, body } = fault.echo ? echoOf(token) : bodyOf(fault.status);
    response.writeHead(fault.status, { "content-type": type, ...dated(), ...fault.headers }).end(fault.body ?? body);
  }

  const server = createServer((raw, response) => void serve(raw, response).catch(() => raw.destroy()));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  const standIn: MastodonStandIn = {
    url: `http://127.0.0.1:${port}`,
    port,
    token: Object.keys(accounts)[0] ?? "",
    accepted,
    pictures,
    requests,
    lagMs: options.lagMs ?? 0,
    lagReads: options.lagReads ?? 0,
    byLink: (link) => accepted.filter(({ text }) => linksIn(text).includes(link)),
    next: script.next,
    clearFaults: script.clear,
    seed: (text, { createdAt = now(), token = standIn.token } = {}) => add({ text, createdAt }, accounts[token] ?? ""),
    expireKeys,
    advance: (ms) => void (shift += ms),
    revoke: () => void (revoked = true),
    close,
    [Symbol.asyncDispose]: close,
  };
  return standIn;
}
