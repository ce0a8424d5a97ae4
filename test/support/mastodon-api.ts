import type { IncomingHttpHeaders } from "node:http";
import { fieldsOf, listOf, multipart, textOf } from "./mastodon-body.ts";
import type { MastodonCall } from "./mastodon-faults.ts";
import type { Reply } from "./wire.ts";
import { lengthOf, mediaJson, statusJson, type Status } from "./mastodon-status.ts";

const KEY_TTL_MS = 3_600_000;
const PER_LINK = 23;

/** What one request is about, once its token was checked. */
export interface Call {
  readonly url: URL;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
  readonly username: string;
  readonly match: RegExpExecArray;
  /** False when the stand-in dies before its key is stored. */
  readonly keepKey: boolean;
}

export interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly call: MastodonCall;
  /** Undefined: open to all. */
  readonly scope?: string;
  handle(call: Call): Reply;
}

export interface Picture {
  readonly id: string;
  readonly description: string;
  readonly bytes: number;
  polls: number;
}

export const reply = (status: number, body: object, headers: Record<string, string> = {}): Reply => ({ status, body, headers });
export const error = (status: number, sentence: string): Reply => reply(status, { error: sentence });

interface Deps {
  readonly maxCharacters: number;
  readonly mediaPolls: number;
  /** The server's clock, milliseconds since the epoch. */
  now(): number;
  origin(): string;
  lag(): { readonly ms: number; readonly reads: number };
  hides(text: string): boolean;
}

/** What Mastodon's API does, once its door let a call in: the routes, and what they keep. */
export function createApi({ maxCharacters, mediaPolls, now, origin, lag, hides }: Deps) {
  const accepted: Status[] = [];
  const pictures: Picture[] = [];
  const keys = new Map<string, { status: Status; at: number }>();
  let lastId = 0n;

  const notFound = () => error(404, "Record not found");
  const account = (username: string) => ({
    id: idOf(username),
    username,
    acct: username,
    display_name: username,
    url: `${origin()}/@${username}`,
    bot: true,
  });
  const json = (status: Status, username: string) => statusJson(status, account(username), origin());
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
      inReplyTo: null,
      editedAt: null,
      deleted: false,
      createdAt: now(),
      ...fields,
      accountId: idOf(username),
      id: nextId(),
      hiddenReads: lag().reads,
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
    // Mastodon looks for what is answered before anything else.
    const inReplyTo = textOf(fields.in_reply_to_id) || null;
    if (inReplyTo !== null && !accepted.some(({ id, deleted }) => id === inReplyTo && !deleted))
      return error(404, "The post you are trying to reply to does not appear to exist.");
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
        inReplyTo,
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
    for (const one of accepted) if (one.inReplyTo === status.id) one.inReplyTo = null;
    return reply(200, { ...json(status, call.username), text: status.text });
  }

  function timeline(call: Call): Reply {
    if (call.match[1] !== idOf(call.username)) return notFound();
    const asked = call.url.searchParams;
    const limit = Math.min(Number(asked.get("limit") ?? 20), 40);
    const until = asked.get("max_id");
    const since = asked.get("since_id");
    const fresh = accepted.filter((status) => status.accountId === call.match[1] && !status.deleted);
    const visible = fresh.filter((status) => status.createdAt + lag().ms <= now() && status.hiddenReads <= 0);
    for (const status of fresh) status.hiddenReads -= 1;
    const within = visible.filter(
      ({ id }) => (until === null || BigInt(id) < BigInt(until)) && (since === null || BigInt(id) > BigInt(since)),
    );
    const page = within.toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1)).slice(0, limit);
    const last = page.at(-1);
    const link = last ? { link: `<${origin()}${call.url.pathname}?limit=${limit}&max_id=${last.id}>; rel="next"` } : {};
    return reply(
      200,
      page.filter(({ text }) => !hides(text)).map((status) => json(status, call.username)),
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
      polls: mediaPolls,
    };
    if (picture.description.length > 1500)
      return error(422, "Validation failed: Description is too long (maximum is 1500 characters)");
    pictures.push(picture);
    return reply(picture.polls > 0 ? 202 : 200, mediaJson(picture.id, picture.description, origin(), picture.polls <= 0));
  }

  function poll(call: Call): Reply {
    const picture = pictures.find(({ id }) => id === call.match[1]);
    if (!picture) return notFound();
    picture.polls -= 1;
    return reply(picture.polls > 0 ? 206 : 200, mediaJson(picture.id, picture.description, origin(), picture.polls <= 0));
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

  return { routes, accepted, pictures, add, expireKeys: () => keys.clear() };
}

/** A stable numeric id per name, as Mastodon's accounts have. */
function idOf(username: string): string {
  return String(
    [...username].reduce((sum, letter) => (sum * 31n + BigInt(letter.codePointAt(0) ?? 0)) % 1_000_000_007n, 7n) +
      109_000_000_000n,
  );
}
