import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What can go wrong with one request, on whatever network. "accept": whether the server acted on it before it went wrong. */
export type WireFault =
  | "reset-before-accept"
  | "reset-after-accept"
  /** It acts and dies before it stores the idempotency key, so that the same key would make a second post. */
  | "reset-after-accept-key-lost"
  | "hang-before-accept"
  | "hang-after-accept"
  | "truncated-json"
  | "html-200"
  | "empty-200"
  | "json-without-id"
  /** An answer with this status, with the network's own body for it unless one is given. */
  | number
  | AnswerFault;

export interface AnswerFault {
  readonly status: number;
  readonly accept?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The answer's sentence repeats the secret that the request bore. */
  readonly echo?: boolean;
  /** Waits this long before it acts (a request stuck in the server's queue). */
  readonly waitMs?: number;
  /** Waits this long after it acted, before it answers. */
  readonly answerAfterMs?: number;
  /** Waits for this after it acted, before it answers. */
  readonly answerAfter?: Promise<unknown>;
}

export interface Reply {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request as the stand-in's log keeps it. */
export interface Logged {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly at: number;
}

/** What a request asks for: which kind of call it is, whose secret it bears, and what the network does about it. */
interface Asked<Call extends string> {
  readonly call: Call;
  readonly secret: string;
  /** `keepKey` false: the network dies before it stores the idempotency key. */
  act(keepKey: boolean): Reply | Promise<Reply>;
}

/** What a stand-in is made of; the wire does the rest, its faults included. */
interface Dialect<Call extends string> {
  readonly script: Script<Call>;
  readonly notFound: Reply;
  /** 0 or undefined: any free port. */
  readonly port?: number | undefined;
  /** Answers bear no `Date`. */
  readonly dateless?: boolean | undefined;
  /** The server's clock (ms since the epoch). */
  now(): number;
  asked(request: WireRequest): Asked<Call> | undefined;
  /** The body this network (or the proxy before it) sends with a status. */
  bodyOf(status: number): { readonly type: string; readonly body: string };
  /** The body of a server that repeats the secret it was shown. */
  echoOf(secret: string): { readonly type: string; readonly body: string };
  /** Answers what is asked of paths that begin with `/__`, which no network has and no log keeps. */
  readonly control?: ((path: string, body: Buffer) => object) | undefined;
}

export interface Script<Call extends string> {
  /** What befalls the next `times` calls of this kind; faults queue up in order. */
  next(fault: WireFault, times?: number, call?: Call | "any"): void;
  /** The fault for this call, used up by one; undefined when it may go well. */
  take(call: Call): WireFault | undefined;
  clear(): void;
}

/** @param usual the kind of call that a fault is for when none is named */
export function createScript<Call extends string>(usual: Call): Script<Call> {
  let planned: { fault: WireFault; left: number; call: Call | "any" }[] = [];
  return {
    next: (fault, times = 1, call = usual) => void planned.push({ fault, left: times, call }),
    take(call) {
      const found = planned.find((entry) => entry.call === call || entry.call === "any");
      if (!found) return undefined;
      found.left -= 1;
      planned = planned.filter(({ left }) => left > 0);
      return found.fault;
    },
    clear: () => void (planned = []),
  };
}

/** Serves a network's dialect on loopback, with the faults that its script holds. */
export async function startWire<Call extends string>(dialect: Dialect<Call>) {
  const requests: Logged[] = [];
  const dated = () => (dialect.dateless ? {} : { date: new Date(dialect.now()).toUTCString() });

  function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
    response
      .writeHead(status, { "content-type": "application/json; charset=utf-8", ...dated(), ...headers })
      .end(JSON.stringify(body));
  }

  async function serve(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = !dialect.dateless;
    const chunks: Buffer[] = [];
    for await (const chunk of raw) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = raw.url ?? "/";
    if (dialect.control && path.startsWith("/__")) return send(response, { status: 200, body: dialect.control(path, body) });
    const [method, headers] = [raw.method ?? "", raw.headers];
    requests.push({ method, path, headers, body, at: dialect.now() });
    const asked = dialect.asked({ method, url: new URL(path, url), headers, body });
    if (!asked) return send(response, dialect.notFound);
    const fault = dialect.script.take(asked.call);
    if (fault === undefined) return send(response, await asked.act(true));
    await goWrong(fault, asked, response);
  }

  async function goWrong(fault: WireFault, asked: Asked<Call>, response: ServerResponse): Promise<void> {
    if (typeof fault === "number") return answerWith({ status: fault }, asked, response);
    if (typeof fault === "object") return answerWith(fault, asked, response);
    const done = fault.includes("before-accept") ? undefined : await asked.act(fault !== "reset-after-accept-key-lost");
    if (fault.startsWith("hang")) return;
    if (fault.startsWith("reset")) return void response.socket?.resetAndDestroy();
    const whole = JSON.stringify(done?.body ?? {});
    const type = fault === "html-200" ? "text/html" : "application/json; charset=utf-8";
    const bodies: Record<string, string> = {
      "truncated-json": whole.slice(0, Math.floor(whole.length / 2)),
      "html-200": "<!DOCTYPE html><title>Welcome</title><p>Welcome</p>",
      "json-without-id": '{"ok":true}',
      "empty-200": "",
    };
    response.writeHead(200, { "content-type": type }).end(bodies[fault]);
  }

  async function answerWith(fault: AnswerFault, asked: Asked<Call>, response: ServerResponse): Promise<void> {
    if (fault.waitMs !== undefined) await sleep(fault.waitMs, undefined, { ref: false });
    const done = fault.accept ? await asked.act(true) : undefined;
    if (fault.answerAfterMs !== undefined) await sleep(fault.answerAfterMs, undefined, { ref: false });
    await fault.answerAfter;
    if (fault.status === 200 && done && fault.body === undefined) return send(response, done);
    const { type, body } = fault.echo ? dialect.echoOf(asked.secret) : dialect.bodyOf(fault.status);
    response.writeHead(fault.status, { "content-type": type, ...dated(), ...fault.headers }).end(fault.body ?? body);
  }

  const server = createServer((raw, response) => void serve(raw, response).catch(() => raw.destroy()));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(dialect.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
