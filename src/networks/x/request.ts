import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import {
  ApiResponseError,
  TwitterApi,
  type IClientSettings,
  type ITwitterApiClientPlugin,
  type TwitterApiTokens,
  type TwitterResponse,
} from "twitter-api-v2";
import { codeOf, reasonOf } from "../../lib/fault.ts";
import { brokenFault, connectFault, OutboundError } from "../../lib/outbound/error.ts";
import type { Outbound } from "../../lib/outbound/outbound.ts";
import { say } from "../../lib/say.ts";

export interface Wanted {
  readonly method: "GET" | "POST" | "DELETE";
  /** Under `/2/`, such as `tweets`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** The body goes as multipart/form-data, not as JSON. */
  readonly multipart?: boolean;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Called in the turn in which the request is written to its connected socket. When it throws, nothing was sent. */
  readonly beforeWrite?: (() => void) | undefined;
}

export interface Answered {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The largest answer: a hundred long posts with all their links are less. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * One request by twitter-api-v2, which signs it (or shows a bearer token) and never repeats it, over our own guarded way out. What it was signed
 * for is `https://api.x.com`, whatever `server` is: a proxy passes the signature on, and X would accept no other.
 *
 * The library hides why a request failed. Its event handler tells: a socket of our agent is connected when `socket` is
 * told, and Node writes to it in the same turn, right after. What fails before was surely not sent.
 *
 * @throws OutboundError for everything but an answer
 */
export function request(outbound: Outbound, server: URL, tokens: TwitterApiTokens | string, wanted: Wanted): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const where = server.host;
  const { signal } = wanted;
  let settled = false;
  let written = false;
  let socket: Socket | undefined;
  let response: IncomingMessage | undefined;
  let cause: unknown;

  const sent = () => (written ? "maybe" : "no");
  const onAbort = () =>
    fail(new OutboundError("OUTBOUND_ABORTED", sent(), say`The request to ${where} was called off.`, { where }, signal.reason));
  const timer = setTimeout(
    () =>
      fail(new OutboundError("OUTBOUND_TIMEOUT", sent(), say`${where} did not answer within ${wanted.timeoutMs} ms.`, { where })),
    wanted.timeoutMs,
  );
  signal.addEventListener("abort", onAbort, { once: true });

  function settle(): boolean {
    if (settled) return false;
    settled = true;
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    return true;
  }
  function fail(error: OutboundError): void {
    if (!settle()) return;
    reject(error);
    socket?.destroy();
  }
  function broke(error: unknown): void {
    fail(written ? brokenFault(error, where) : connectFault(error, where));
  }
  function answer(headers: TwitterResponse<string>["headers"], body: string): void {
    if (!response?.complete) return broke(new Error("the answer is not whole"));
    if (settle()) resolve({ status: response.statusCode ?? 0, headers: flat(headers), body });
  }

  function onSocket(connected: Socket): void {
    socket = connected;
    try {
      if (!settled) wanted.beforeWrite?.();
    } catch (error) {
      fail(new OutboundError(codeOf(error) ?? "OUTBOUND_ABORTED", "no", reasonOf(error), { where }, error));
    }
    // Node flushes after this event, and not to a socket that is destroyed.
    if (settled) socket.destroy();
    else written = true;
  }
  function onResponse(arrived: IncomingMessage): void {
    response = arrived;
    let size = 0;
    arrived.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BYTES) return;
      fail(
        new OutboundError("OUTBOUND_TOO_LARGE", "maybe", say`${where} answered with more than ${MAX_BYTES} bytes.`, { where }),
      );
    });
  }

  const plugin: ITwitterApiClientPlugin = {
    onBeforeRequestConfig({ params }) {
      params.requestEventDebugHandler = (event, told) => {
        if (event === "socket") onSocket(told.socket as Socket);
        if (event === "response") onResponse(told.res as IncomingMessage);
        if (event === "request-error") cause = told.requestError;
      };
    },
    onBeforeRequest({ computedParams: { url }, requestOptions }) {
      url.protocol = server.protocol;
      url.hostname = server.hostname;
      url.port = server.port;
      // A kept connection may be dead by the next post, and a post lost on it is an unknown one.
      requestOptions.headers = { ...requestOptions.headers, connection: "close" };
    },
  };

  if (signal.aborted) onAbort();
  else
    ask(clientOf(tokens, { httpAgent: outbound.agent(secure(server)), plugins: [plugin], compression: false }), wanted).then(
      ({ headers, data }) => answer(headers, data),
      (error: unknown) => {
        if (error instanceof ApiResponseError) answer(error.headers, String(error.data));
        else broke(cause ?? error);
      },
    );
  return promise;
}

/** The library tells a bearer token from keys by its type, and its types want to know which. */
function clientOf(tokens: TwitterApiTokens | string, settings: Partial<IClientSettings>): TwitterApi {
  return typeof tokens === "string" ? new TwitterApi(tokens, settings) : new TwitterApi(tokens, settings);
}

/** Bodies are left as text, so that one that is no JSON is still an answer with a status. */
function ask({ v2 }: TwitterApi, { method, path, query, body, multipart }: Wanted): Promise<TwitterResponse<string>> {
  const how = { fullResponse: true, forceParseMode: "text" } as const;
  if (method === "GET") return v2.get<string>(path, query, how);
  if (method === "DELETE") return v2.delete<string>(path, query, how);
  return v2.post<string>(path, body, { ...how, ...(multipart ? { forceBodyMode: "form-data" } : {}) });
}

function secure({ protocol }: URL): "http:" | "https:" {
  return protocol === "http:" ? "http:" : "https:";
}

function flat(headers: TwitterResponse<string>["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
  );
}
