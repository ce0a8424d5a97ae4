import type { Dispatcher } from "undici";
import { codeOf, reasonOf } from "../fault.ts";
import { say } from "../say.ts";
import { tooLarge } from "./decode.ts";
import { brokenFault, connectFault, OutboundError } from "./error.ts";

/** One request to one address, with every limit it must keep. Times in milliseconds. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  /** Of the body as it comes over the wire. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly beforeWrite: (() => void) | undefined;
}

export interface Exchanged {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Writes one request and gathers its answer. undici calls `onRequestStart` in the same turn in which it writes to the
 * connected socket: what fails before it was surely not sent, what fails after it may have been.
 */
export function exchange(dispatcher: Dispatcher, hop: Hop): Promise<Exchanged> {
  const { promise, resolve, reject } = Promise.withResolvers<Exchanged>();
  const where = hop.url.host;
  const chunks: Buffer[] = [];
  let size = 0;
  let answer = { status: 0, headers: {} as Record<string, string> };
  let written = false;
  let settled = false;
  let controller: Dispatcher.DispatchController | undefined;

  const onAbort = () =>
    fail(
      new OutboundError("OUTBOUND_ABORTED", sent(), say`The request to ${where} was called off.`, { where }, hop.signal?.reason),
    );
  const whole = setTimeout(() => fail(late("OUTBOUND_TIMEOUT", hop.timeoutMs)), hop.timeoutMs);
  const connecting = setTimeout(() => fail(late("OUTBOUND_CONNECT_TIMEOUT", hop.connectTimeoutMs)), hop.connectTimeoutMs);
  let waiting: NodeJS.Timeout | undefined;
  hop.signal?.addEventListener("abort", onAbort, { once: true });

  function sent(): "no" | "maybe" {
    return written ? "maybe" : "no";
  }
  function late(code: string, ms: number): OutboundError {
    return new OutboundError(code, sent(), say`${where} did not answer within ${Math.round(ms)} ms.`, { where });
  }
  function settle(): boolean {
    if (settled) return false;
    settled = true;
    for (const timer of [whole, connecting, waiting]) clearTimeout(timer);
    hop.signal?.removeEventListener("abort", onAbort);
    return true;
  }
  function fail(error: OutboundError): void {
    if (!settle()) return;
    reject(error);
    controller?.abort(error);
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      // A client that lost its connection may want to write again by itself; a request of ours is written once.
      if (written) fail(brokenFault(new Error("the connection was lost"), where));
      if (!settled) checkBeforeWrite();
      if (settled) return started.abort(new Error("given up before it was written"));
      written = true;
      clearTimeout(connecting);
      waiting = setTimeout(() => fail(late("OUTBOUND_TIMEOUT", hop.headersTimeoutMs)), hop.headersTimeoutMs);
    },
    onResponseStart(_controller, status, headers) {
      if (status < 200) return;
      clearTimeout(waiting);
      answer = { status, headers: flat(headers) };
      if (hop.method !== "HEAD" && Number(answer.headers["content-length"] ?? 0) > hop.maxBytes)
        fail(tooLarge(hop.maxBytes, where));
    },
    onResponseData(_controller, chunk) {
      size += chunk.length;
      if (size > hop.maxBytes) fail(tooLarge(hop.maxBytes, where));
      else chunks.push(chunk);
    },
    onResponseEnd() {
      if (settle()) resolve({ ...answer, body: Buffer.concat(chunks) });
    },
    onResponseError(_controller, error) {
      fail(written ? brokenFault(error, where) : connectFault(error, where));
    },
  };

  function checkBeforeWrite(): void {
    try {
      hop.beforeWrite?.();
    } catch (error) {
      fail(new OutboundError(codeOf(error) ?? "OUTBOUND_ABORTED", "no", reasonOf(error), { where }, error));
    }
  }

  if (hop.signal?.aborted) onAbort();
  else start();
  return promise;

  function start(): void {
    const { origin, pathname, search } = hop.url;
    try {
      // Our own timers hold; undici's would only fire later.
      dispatcher.dispatch(
        {
          origin,
          path: pathname + search,
          method: hop.method,
          headers: hop.headers,
          body: hop.body ?? null,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      fail(connectFault(error, where));
    }
  }
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(", ") : (value ?? "")]),
  );
}
