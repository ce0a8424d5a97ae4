import type { Agent as HttpAgent } from "node:http";
import { Agent, type Dispatcher } from "undici";
import { say } from "../say.ts";
import { createGuard } from "./address.ts";
import { createAgent, undiciConnector } from "./agent.ts";
import { createConnect, type Dial, type Lookup } from "./connect.ts";
import { ACCEPT_ENCODING, decode } from "./decode.ts";
import { OutboundError } from "./error.ts";
import { exchange } from "./exchange.ts";
import { follow, type Asked } from "./redirect.ts";

export interface OutboundOptions {
  /** Private hosts, addresses, CIDRs or host:port that may be reached; see `createGuard`. */
  readonly allow: readonly string[];
  /** `Name/1.2 (+https://host/about; contact)`. */
  readonly userAgent: string;
  readonly connectTimeoutMs?: number;
  readonly lookup?: Lookup;
  readonly dial?: Dial;
  /** PEM of the certificates to trust in place of the system's. */
  readonly ca?: string;
}

export interface RequestOptions {
  readonly method?: string;
  /** Cookies, referers and what belongs to the connection are never sent, whoever sets them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Most bytes of the answer, decoded. Default 10 MB. */
  readonly maxBytes?: number;
  /** Until the answer is whole, over all redirects. Default 30 s. */
  readonly timeoutMs?: number;
  /** Until the request is written. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** From written to the answer's head. Default: only `timeoutMs` bounds it. */
  readonly headersTimeoutMs?: number;
  /** How many redirects are followed, 0 to 5. Default 0: a 3xx is an answer like another. */
  readonly redirects?: number;
  /** Called in the turn in which the request is written to its connected socket. When it throws, nothing was sent. */
  readonly beforeWrite?: () => void;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case; several values joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the answer came from, after redirects. */
  readonly url: string;
  /** Decoded. */
  readonly body: Buffer;
  /** Each redirect followed: its status, and the address it pointed to. */
  readonly redirected: readonly { readonly status: number; readonly url: string }[];
}

export interface Outbound extends AsyncDisposable {
  /** @throws OutboundError for everything but an answer; a 404 or 500 is an answer */
  request(url: string | URL, options?: RequestOptions): Promise<Answer>;
  /** For libraries that take an undici dispatcher: same checks of ports and addresses, none of the other limits. */
  readonly dispatcher: Dispatcher;
  /** For libraries that go through node:http(s): the same. */
  agent(protocol: "http:" | "https:"): HttpAgent;
  /** Lets requests under way end, then closes every connection. */
  close(): Promise<void>;
}

const MAX_BYTES = 10 * 1024 * 1024;
const MAX_REDIRECTS = 5;

/**
 * The one guarded way out: every byte that leaves the machine for somebody else's goes through here.
 *
 * @example
 * await using outbound = createOutbound({ allow: [], userAgent: "Slugline/0.1 (+https://example.org/about)" });
 * const feed = await outbound.request("https://example.org/feed", { redirects: 5 });
 */
export function createOutbound(options: OutboundOptions): Outbound {
  const timeoutMs = options.connectTimeoutMs ?? 10_000;
  const connect = createConnect({
    guard: createGuard(options.allow),
    timeoutMs,
    lookup: options.lookup,
    dial: options.dial,
    ca: options.ca,
  });
  const dispatcher = new Agent({ connect: undiciConnector(connect), allowH2: false, pipelining: 1, maxHeaderSize: 32 * 1024 });
  const agents = new Map<string, HttpAgent>();

  async function request(url: string | URL, opts: RequestOptions = {}): Promise<Answer> {
    const maxBytes = opts.maxBytes ?? MAX_BYTES;
    const redirects = Math.min(opts.redirects ?? 0, MAX_REDIRECTS);
    const endsAt = performance.now() + (opts.timeoutMs ?? 30_000);
    const redirected: { status: number; url: string }[] = [];
    let asked: Asked = {
      url: checked(url),
      method: (opts.method ?? "GET").toUpperCase(),
      headers: ours(opts.headers ?? {}, options.userAgent),
      body: opts.body,
    };
    for (;;) {
      const left = Math.max(endsAt - performance.now(), 1);
      const hop = {
        ...asked,
        maxBytes,
        timeoutMs: left,
        connectTimeoutMs: Math.min(opts.connectTimeoutMs ?? timeoutMs, left),
        headersTimeoutMs: Math.min(opts.headersTimeoutMs ?? left, left),
        signal: opts.signal,
        beforeWrite: opts.beforeWrite,
      };
      const { status, headers, body } = await exchange(dispatcher, hop).catch((error) =>
        Promise.reject(afterRedirect(error, redirected.length)),
      );
      const next = redirects > 0 ? follow(asked, status, headers.location) : undefined;
      if (next === undefined) {
        return {
          status,
          headers,
          url: asked.url.href,
          body: await decode(body, headers["content-encoding"], maxBytes, asked.url.host),
          redirected,
        };
      }
      if (redirected.length === redirects) throw tooMany(asked.url, redirects);
      redirected.push({ status, url: next.url.href });
      asked = next;
    }
  }

  async function close(): Promise<void> {
    for (const agent of agents.values()) agent.destroy();
    if (!dispatcher.closed) await dispatcher.close();
  }

  return {
    request,
    dispatcher,
    agent(protocol) {
      const agent = agents.get(protocol) ?? createAgent(connect, protocol);
      agents.set(protocol, agent);
      return agent;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function tooMany(url: URL, count: number): OutboundError {
  return new OutboundError("OUTBOUND_REDIRECT", "maybe", say`${url.host} redirected once more after ${count} redirects.`, {
    where: url.host,
  });
}

/** Once a hop was written, the whole request may have had an effect, whatever its next hop failed of. */
function afterRedirect(error: unknown, hops: number): unknown {
  if (!(error instanceof OutboundError) || hops === 0 || error.sent === "maybe") return error;
  return new OutboundError(error.code, "maybe", error.said, error.detail, error);
}

function checked(url: string | URL): URL {
  const parsed = URL.parse(String(url));
  if (parsed === null) throw unaskable(parsed, "it is no address");
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") throw unaskable(parsed, "it is neither http nor https");
  if (parsed.username || parsed.password) throw unaskable(parsed, "it carries a name or password");
  return parsed;
}

function unaskable(url: URL | null, why: string): OutboundError {
  return new OutboundError("OUTBOUND_BAD_URL", "no", say`An address cannot be asked: ${why}.`, { where: url?.host });
}

/** What would tell a stranger who we are, or belongs to the connection and not to the message. */
const NEVER = new Set([
  "cookie",
  "cookie2",
  "referer",
  "host",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "upgrade",
  "te",
  "trailer",
  "expect",
]);

function ours(headers: Readonly<Record<string, string>>, userAgent: string): Record<string, string> {
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const kept = given.filter(([name]) => !NEVER.has(name) && !name.startsWith("proxy-"));
  return { "user-agent": userAgent, accept: "*/*", "accept-encoding": ACCEPT_ENCODING, ...Object.fromEntries(kept) };
}
