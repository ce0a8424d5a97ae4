import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { bodyOf, createScript, type AnswerFault, type MastodonCall, type MastodonFault } from "./mastodon-faults.ts";
import { lengthOf, linksIn, mediaJson, statusJson, type Status } from "./mastodon-status.ts";

export type { MastodonCall, MastodonFault } from "./mastodon-faults.ts";
export type { Status } from "./mastodon-status.ts";

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
  /** The server's clock, milliseconds since the epoch. Default the machine's. */
  readonly now?: () => number;
  /** Answers what is asked of paths that begin with `/__`, which no Mastodon has and no log keeps. */
  readonly control?: (path: string, body: Buffer) => object;
}

export interface MastodonRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly at: number;
}

export interface Picture {
  readonly id: string;
  readonly description: string;
  readonly bytes: number;
  polls: number;
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

const KEY_TTL_MS = 3_600_000;
const WINDOW_MS = 300_000;
const PER_LINK = 23;

interface Reply {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What one request is about, once its token was checked. */
interface Call {
  readonly url: URL;
  readonly body: Buffer;
  readonly headers: IncomingMessage["headers"];
  readonly username: string;
  readonly match: RegExpExecArray;
  /** False when the stand-in dies before its key is stored. */
  readonly keepKey: boolean;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly call: MastodonCall;
  /** Undefined: open to all. */
  readonly scope?: string;
  handle(call: Call): Reply;
}

/**
 * A server that speaks Mastodon's dialect, as far as a program that posts hears it: statuses, media, read-back, limits,
 * idempotency by key (stored after the status, for an hour), rate limits, and the faults that are put into its script.
 */
export async function startMastodon(options: MastodonOptions = {}): Promise<MastodonStandIn> {
  const accounts = options.accounts ?? { "standin-token": "desk" };
  const maxCharacters = options.maxCharacters ?? 500;
  const scopes = options.scopes ?? ["read", "write"];
  const script = createScript();
  const accepted: Status[] = [];
  const pictures: Picture[] = [];
  const requests: MastodonRequest[] = [];
  const keys = new Map<string, { status: Status; at: number }>();
  const used = new Map<string, number>();
  let shift = 0;
  let lastId = 0n;
  let revoked = false;
  const now = () => (options.now?.() ?? Date.now()) + shift;

  const reply = (status: number, body: object, headers: Record<string, string> = {}): Reply => ({ status, body, headers });
  const error = (status: number, sentence: string): Reply => reply(status, { error: sentence });
  const notFound = () => error(404, "Record not found");
  const account = (username: string) => ({
    id: idOf(username),
    username,
    acct: username,
    display_name: username,
    url: `${standIn.url}/@${username}`,
    bot: true,
  });
  const json = (status: Status, username: string) => statusJson(status, account(username), standIn.url);
  const own = (call: Call) =>
    accepted.find((status) => status.id === call.match[1] && status.accountId === idOf(call.username) && !status.deleted);

  function nextId(): string {
    const wanted = BigInt(Math.max(now(), 0)) << 16n;
    lastId = wanted > lastId ? wanted : lastId + 1n;
    return String(lastId);
  }

  function add(fields: { text: string } & Partial<Status>, username: string): Status {
    const status: Status = {
      spoiler: "",
      visibility: "public",
      language: null,
      sensitive: false,
      mediaIds: [],
      idempotencyKey: null,
      editedAt: null,
      deleted: false,
      createdAt: now(),
      ...fields,
      accountId: idOf(username),
      id: nextId(),
      hiddenReads: standIn.lagReads,
    };
    accepted.push(status);
    return status;
  }

  function invalid(fields: Record<string, unknown>): Reply | undefined {
    const text = textOf(fields.status);
    const media = listOf(fields.media_ids);
    if (text.trim() === "" && media.length === 0) return error(422, "Validation failed: Text can't be blank");
    if (lengthOf(textOf(fields.spoiler_text) + text, PER_LINK) > maxCharacters)
      return error(422, `Validation failed: Text character limit of ${maxCharacters} exceeded`);
    const missing = media.some((id) => !pictures.some((picture) => picture.id === id && picture.polls <= 0));
    if (missing) return error(422, "Cannot attach files that have not finished processing. Try again in a moment!");
    return undefined;
  }

  function publish(call: Call): Reply {
    const key = call.headers["idempotency-key"];
    const named = typeof key === "string" && key !== "" ? `${call.username} ${key}` : undefined;
    const known = named === undefined ? undefined : keys.get(named);
    if (known && now() - known.at < KEY_TTL_MS && !known.status.deleted) return reply(200, json(known.status, call.username));
    const fields = fieldsOf(call);
    const wrong = invalid(fields);
    if (wrong) return wrong;
    const status = add(
      {
        text: textOf(fields.status),
        spoiler: textOf(fields.spoiler_text),
        visibility: textOf(fields.visibility) || "public",
        language: textOf(fields.language) || null,
        sensitive: fields.sensitive === true || fields.sensitive === "true",
        mediaIds: listOf(fields.media_ids),
        idempotencyKey: typeof key === "string" ? key : null,
      },
      call.username,
    );
    if (named !== undefined && call.keepKey) keys.set(named, { status, at: now() });
    return reply(200, json(status, call.username));
  }

  function edit(call: Call): Reply {
    const status = own(call);
    if (!status) return notFound();
    const fields = fieldsOf(call);
    const wrong = invalid(fields);
    if (wrong) return wrong;
    Object.assign(status, {
      text: textOf(fields.status),
      spoiler: textOf(fields.spoiler_text),
      mediaIds: listOf(fields.media_ids),
      editedAt: now(),
    });
    return reply(200, json(status, call.username));
  }

  function remove(call: Call): Reply {
    const status = own(call);
    if (!status) return notFound();
    status.deleted = true;
    return reply(200, { ...json(status, call.username), text: status.text });
  }

  function timeline(call: Call): Reply {
    if (call.match[1] !== idOf(call.username)) return notFound();
    const asked = call.url.searchParams;
    const limit = Math.min(Number(asked.get("limit") ?? 20), 40);
    const until = asked.get("max_id");
    const since = asked.get("since_id");
    const fresh = accepted.filter((status) => status.accountId === call.match[1] && !status.deleted);
    const visible = fresh.filter((status) => status.createdAt + standIn.lagMs <= now() && status.hiddenReads <= 0);
    for (const status of fresh) status.hiddenReads -= 1;
    const within = visible.filter(
      ({ id }) => (until === null || BigInt(id) < BigInt(until)) && (since === null || BigInt(id) > BigInt(since)),
    );
    const page = within.toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1)).slice(0, limit);
    const last = page.at(-1);
    const link = last ? { link: `<${standIn.url}${call.url.pathname}?limit=${limit}&max_id=${last.id}>; rel="next"` } : {};
    return reply(
      200,
      page.map((status) => json(status, call.username)),
      link,
    );
  }

  function upload(call: Call): Reply {
    const form = multipart(call.headers["content-type"] ?? "", call.body);
    const file = form.get("file");
    if (file === undefined || file.length === 0) return error(422, "Validation failed: File can't be blank");
    const picture = {
      id: nextId(),
      description: (form.get("description") ?? Buffer.alloc(0)).toString(),
      bytes: file.length,
      polls: options.mediaPolls ?? 0,
    };
    if (picture.description.length > 1500)
      return error(422, "Validation failed: Description is too long (maximum is 1500 characters)");
    pictures.push(picture);
    return reply(picture.polls > 0 ? 202 : 200, mediaJson(picture.id, picture.description, standIn.url, picture.polls <= 0));
  }

  function poll(call: Call): Reply {
    const picture = pictures.find(({ id }) => id === call.match[1]);
    if (!picture) return notFound();
    picture.polls -= 1;
    return reply(picture.polls > 0 ? 206 : 200, mediaJson(picture.id, picture.description, standIn.url, picture.polls <= 0));
  }

  const instance = () => ({
    domain: "standin.example",
    title: "Stand-in",
    version: "4.5.0",
    configuration: {
      statuses: { max_characters: maxCharacters, max_media_attachments: 4, characters_reserved_per_url: PER_LINK },
      media_attachments: {
        description_limit: 1500,
        image_size_limit: 16_777_216,
        image_matrix_limit: 33_177_600,
        supported_mime_types: ["image/jpeg", "image/png", "image/gif", "image/webp"],
      },
    },
  });

  const routes: readonly Route[] = [
    { method: "POST", path: /^\/api\/v1\/statuses$/, call: "publish", scope: "write:statuses", handle: publish },
    {
      method: "GET",
      path: /^\/api\/v1\/statuses\/(\d+)$/,
      call: "status",
      scope: "read:statuses",
      handle: (call) => found(own(call), call),
    },
    { method: "PUT", path: /^\/api\/v1\/statuses\/(\d+)$/, call: "edit", scope: "write:statuses", handle: edit },
    { method: "DELETE", path: /^\/api\/v1\/statuses\/(\d+)$/, call: "remove", scope: "write:statuses", handle: remove },
    {
      method: "GET",
      path: /^\/api\/v1\/accounts\/verify_credentials$/,
      call: "verify",
      scope: "read:accounts",
      handle: (call) => reply(200, account(call.username)),
    },
    { method: "GET", path: /^\/api\/v1\/accounts\/(\d+)\/statuses$/, call: "read", scope: "read:statuses", handle: timeline },
    { method: "POST", path: /^\/api\/v2\/media$/, call: "media", scope: "write:media", handle: upload },
    { method: "GET", path: /^\/api\/v1\/media\/(\d+)$/, call: "media-status", scope: "write:media", handle: poll },
    { method: "GET", path: /^\/api\/v2\/instance$/, call: "limits", handle: () => reply(200, instance()) },
  ];

  function found(status: Status | undefined, call: Call): Reply {
    return status ? reply(200, json(status, call.username)) : notFound();
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

  async function serve(raw: IncomingMessage, response: ServerResponse): Promise<void> {
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
    await goWrong(fault, act, response);
  }

  function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
    response
      .writeHead(status, { "content-type": "application/json; charset=utf-8", date: new Date(now()).toUTCString(), ...headers })
      .end(JSON.stringify(body));
  }

  async function goWrong(fault: MastodonFault, act: (keepKey?: boolean) => Reply, response: ServerResponse): Promise<void> {
    if (typeof fault === "number") return answerWith({ status: fault }, act, response);
    if (typeof fault === "object") return answerWith(fault, act, response);
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

  async function answerWith(fault: AnswerFault, act: () => Reply, response: ServerResponse): Promise<void> {
    if (fault.waitMs !== undefined) await sleep(fault.waitMs, undefined, { ref: false });
    const done = fault.accept ? act() : undefined;
    if (fault.answerAfterMs !== undefined) await sleep(fault.answerAfterMs, undefined, { ref: false });
    if (fault.status === 200 && done && fault.body === undefined) return send(response, done);
    const { type, body } = bodyOf(fault.status);
    response
      .writeHead(fault.status, { "content-type": type, date: new Date(now()).toUTCString(), ...fault.headers })
      .end(fault.body ?? body);
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
    expireKeys: () => keys.clear(),
    advance: (ms) => void (shift += ms),
    revoke: () => void (revoked = true),
    close,
    [Symbol.asyncDispose]: close,
  };
  return standIn;
}

/** A stable numeric id per name, as Mastodon's accounts have. */
function idOf(username: string): string {
  return String(
    [...username].reduce((sum, letter) => (sum * 31n + BigInt(letter.codePointAt(0) ?? 0)) % 1_000_000_007n, 7n) +
      109_000_000_000n,
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function fieldsOf(call: Pick<Call, "body" | "headers">): Record<string, unknown> {
  if (call.headers["content-type"]?.startsWith("application/json")) {
    const parsed: unknown = JSON.parse(call.body.toString());
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  }
  const form = new URLSearchParams(call.body.toString());
  return { ...Object.fromEntries(form), media_ids: form.getAll("media_ids[]") };
}

/** The parts of a multipart/form-data body (RFC 7578) by name. */
function multipart(type: string, body: Buffer): Map<string, Buffer> {
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1];
  const parts = new Map<string, Buffer>();
  if (boundary === undefined) return parts;
  for (const part of body.toString("latin1").split(`--${boundary}`).slice(1, -1)) {
    const end = part.indexOf("\r\n\r\n");
    const name = /name="([^"]*)"/.exec(part.slice(0, end))?.[1];
    if (name !== undefined) parts.set(name, Buffer.from(part.slice(end + 4, -2), "latin1"));
  }
  return parts;
}
