import type { Agent, ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { sentenceOf } from "../fault.ts";
import type { Outbound } from "./outbound.ts";

/** One request and what came of it, as it went over the wire. It holds secrets: see `redacted`. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  status: number | null;
  answerHeaders: Readonly<Record<string, string>>;
  answer: string;
  /** What it failed of, where no answer came. */
  error: string | null;
}

/** The same way out, which tells of each exchange: by its own requests, and by libraries that go through its agents. */
export function transcribed(outbound: Outbound, tell: (exchange: Exchange) => void): Outbound {
  return {
    ...outbound,
    async request(url, options = {}) {
      const exchange = begun(options.method ?? "GET", String(url), options.headers ?? {}, bytesOf(options.body ?? ""));
      tell(exchange);
      try {
        const answer = await outbound.request(url, options);
        Object.assign(exchange, { status: answer.status, answerHeaders: answer.headers, answer: bytesOf(answer.body) });
        return answer;
      } catch (error) {
        exchange.error = sentenceOf(error);
        throw error;
      }
    },
    agent: (protocol) => overheard(outbound.agent(protocol), protocol, tell),
  };
}

/** What Node's requests call of their agent; not in its types. */
type Asking = Agent & { addRequest(request: ClientRequest, ...rest: unknown[]): void };

function overheard(agent: Agent, protocol: string, tell: (exchange: Exchange) => void): Agent {
  const heard = Object.create(agent) as Asking;
  heard.addRequest = (request, ...rest) => {
    listen(request, protocol, tell);
    (agent as Asking).addRequest(request, ...rest);
  };
  return heard;
}

function listen(request: ClientRequest, protocol: string, tell: (exchange: Exchange) => void): void {
  const { write, end } = request;
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown) => {
    if (typeof chunk === "string" || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string));
  };
  request.write = (...given: unknown[]) => {
    keep(given[0]);
    return (write as (...all: unknown[]) => boolean).apply(request, given);
  };
  request.end = (...given: unknown[]) => {
    keep(given[0]);
    return (end as (...all: unknown[]) => ClientRequest).apply(request, given);
  };
  let exchange: Exchange | undefined;
  const now = () => {
    if (exchange) return exchange;
    const url = `${protocol}//${request.host}${request.path}`;
    exchange = begun(request.method, url, flat(request.getHeaders()), bytesOf(Buffer.concat(chunks)));
    tell(exchange);
    return exchange;
  };
  request.once("response", (response: IncomingMessage) => {
    const answer: Buffer[] = [];
    const told = now();
    told.status = response.statusCode ?? null;
    told.answerHeaders = flat(response.headers);
    response.on("data", (chunk: Buffer) => void answer.push(chunk));
    response.once("close", () => void (told.answer = bytesOf(Buffer.concat(answer))));
  });
  request.once("error", (error) => void (now().error = sentenceOf(error)));
}

function begun(method: string, url: string, headers: Readonly<Record<string, string>>, body: string): Exchange {
  return { method, url, headers, body, status: null, answerHeaders: {}, answer: "", error: null };
}

function flat(headers: OutgoingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** Text as it is; of pictures and the like only how many bytes they are. */
function bytesOf(body: string | Uint8Array): string {
  if (typeof body === "string") return body;
  const text = Buffer.from(body).toString("utf8");
  return text.includes("\ufffd") ? `[${body.length} bytes]` : text;
}

/** The headers that say something about how a network works; all others are left out. */
const TELLING =
  /^(content-type|accept|location|link|date|retry-after|idempotency-key|authorization|dpop-nonce|www-authenticate|.*rate-?limit.*|.*limit-24hour.*)$/;
/** What a network calls a secret in its answers and forms, whatever it is worth. */
const SECRET_FIELD =
  /("(?:access_token|refresh_token|client_secret|accessJwt|refreshJwt|password|code_verifier)"\s*:\s*")[^"]*(")|\b((?:access_token|refresh_token|client_secret|code_verifier|code|password)=)[^&\s"]*/g;

/**
 * The exchange without anything that opens a door: known secrets wherever they stand and in the forms they are sent in,
 * fields that are secrets by their names, and the credentials of an `Authorization`.
 */
export function redacted(exchange: Exchange, secrets: Iterable<string>): object {
  const forms = [...secrets]
    .filter((secret) => secret.length >= 4)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .toSorted((one, other) => other.length - one.length);
  const clean = (text: string) =>
    forms
      .reduce((so, form) => so.replaceAll(form, "[secret]"), text)
      .replace(SECRET_FIELD, (_, before: string | undefined, after: string | undefined, field: string | undefined) =>
        field === undefined ? `${before}[secret]${after}` : `${field}[secret]`,
      );
  const headers = (all: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(all).flatMap(([name, value]): [string, string][] => {
        const known = name.toLowerCase();
        if (!TELLING.test(known)) return [];
        return [[known, known === "authorization" ? `${value.split(" ", 1)[0]} [secret]` : clean(value)]];
      }),
    );
  const { method, url, body, status, answer, error } = exchange;
  return {
    request: { method, url: clean(url), headers: headers(exchange.headers), body: clean(body) },
    answer:
      status === null
        ? { error: clean(error ?? "no answer") }
        : { status, headers: headers(exchange.answerHeaders), body: clean(answer) },
  };
}
