import type { IncomingHttpHeaders } from "node:http";
import { BODIES, DUPLICATE_403, UNANSWERABLE_403, type XCall } from "./x-faults.ts";
import { postJson, weightOf, type XPost } from "./x-post.ts";
import { wrongBy, type XSchema } from "./x-schema.ts";
import type { Reply } from "./wire.ts";

export interface XUser {
  readonly id: string;
  readonly username: string;
}

/** What one request is about, once its signature was checked. */
export interface Call {
  readonly url: URL;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
  readonly user: XUser;
  readonly match: RegExpExecArray;
}

export interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly call: XCall;
  /** What a good answer must be, by X's own schema. */
  readonly answer: XSchema;
  handle(call: Call): Reply;
}

export interface XPicture {
  readonly id: string;
  readonly bytes: number;
  readonly category: string;
  alt: string | null;
  polls: number;
}

/** What a post is asked with. */
interface Asked {
  readonly text?: string;
  readonly media?: { readonly media_ids: string[] };
  readonly reply?: { readonly in_reply_to_tweet_id: string };
}

interface Deps {
  readonly mediaPolls: number;
  readonly maxWeight: number;
  /** X's clock, milliseconds since the epoch. */
  now(): number;
  duplicateMs(): number;
  lagReads(): number;
  /** What the parameter for a post's fields may be called. */
  readonly fieldNames: readonly string[];
}

const FIELDS = ["created_at", "entities", "note_tweet", "note_post", "id", "text", "public_metrics", "lang", "conversation_id"];
/** By the newer name of the parameter X's own document does not list it. */
const ONLY_OF_TWEETS = ["referenced_tweets"];
const LIST = ["max_results", "pagination_token", "start_time", "end_time", "since_id", "until_id", "exclude"];
/** Twitter's own epoch: ids hold the milliseconds since then. */
const EPOCH = 1_288_834_974_657;

const reply = (status: number, body: object): Reply => ({ status, body });
const invalid = (message: string): Reply => reply(400, { ...BODIES[400], errors: [{ parameters: {}, message }] });

/** What X's API does, once its door let a call in: the routes, and what they keep. */
export function createApi({ mediaPolls, maxWeight, now, duplicateMs, lagReads, fieldNames }: Deps) {
  const accepted: XPost[] = [];
  const pictures: XPicture[] = [];
  let lastId = 0n;

  function nextId(at = now()): string {
    const wanted = BigInt(Math.max(Math.floor(at) - EPOCH, 1)) << 22n;
    lastId = wanted > lastId ? wanted : lastId + 1n;
    return String(lastId);
  }

  function add(
    text: string,
    user: XUser,
    more: { createdAt?: number; mediaIds?: readonly string[]; replyTo?: string | undefined } = {},
  ): XPost {
    const createdAt = more.createdAt ?? now();
    // A post from before has an id from before.
    const id = createdAt < now() ? String((BigInt(Math.floor(createdAt) - EPOCH) << 22n) + BigInt(accepted.length)) : nextId();
    const { replyTo = null } = more;
    const parent = accepted.find((one) => one.id === replyTo);
    const post = {
      id,
      userId: user.id,
      text,
      mediaIds: more.mediaIds ?? [],
      replyTo,
      conversation: parent?.conversation ?? id,
      createdAt,
      deleted: false,
      hiddenReads: lagReads(),
    };
    accepted.push(post);
    return post;
  }

  function publish({ body, user }: Call): Reply {
    const asked = parsed(body);
    const wrong = wrongBy("CreatePostsRequest", asked);
    if (wrong !== null) return invalid(wrong);
    const { text = "", media, reply: answer } = asked as Asked;
    const mediaIds = media?.media_ids ?? [];
    if (text === "" && mediaIds.length === 0) return invalid("text is missing");
    if (weightOf(text) > maxWeight) return invalid("Your post is too long.");
    if (mediaIds.some((id) => !pictures.some((picture) => picture.id === id && picture.polls <= 0)))
      return invalid("Your media IDs are invalid.");
    const replyTo = answer?.in_reply_to_tweet_id;
    if (replyTo !== undefined && !accepted.some(({ id, deleted }) => id === replyTo && !deleted))
      return reply(403, UNANSWERABLE_403);
    const since = now() - duplicateMs();
    const twin = accepted.some(
      (post) => post.userId === user.id && !post.deleted && post.createdAt > since && same(post.text) === same(text),
    );
    if (twin && duplicateMs() > 0) return reply(403, DUPLICATE_403);
    const { id } = add(text, user, { mediaIds, replyTo });
    return reply(201, {
      data: { id, text: String(postJson(accepted.at(-1)!, user.username, new Set())["text"]), edit_history_tweet_ids: [id] },
    });
  }

  function remove({ user, match }: Call): Reply {
    const post = accepted.find(({ id, userId, deleted }) => id === match[1] && userId === user.id && !deleted);
    if (!post) return reply(404, BODIES[404]);
    post.deleted = true;
    return reply(200, { data: { deleted: true } });
  }

  function timeline({ url, user, match }: Call): Reply {
    if (match[1] !== user.id) return reply(403, BODIES[403]);
    const asked = url.searchParams;
    const stray = [...asked.keys()].find((name) => !LIST.includes(name) && !fieldNames.includes(name));
    if (stray !== undefined)
      return invalid(`The query parameter [${stray}] is not one of [${[...LIST, ...fieldNames].join(",")}]`);
    const fields = fieldNames.flatMap((name) => (asked.get(name) ?? "").split(",")).filter((name) => name !== "");
    const known = asked.has("tweet.fields") ? [...FIELDS, ...ONLY_OF_TWEETS] : FIELDS;
    const wrong = fields.find((name) => !known.includes(name));
    if (wrong !== undefined) return invalid(`The field [${wrong}] is none.`);
    const most = Number(asked.get("max_results") ?? 10);
    if (!(most >= 5 && most <= 100))
      return invalid(`The \`max_results\` query parameter value [${most}] is not between 5 and 100`);
    const start = asked.has("start_time") ? Date.parse(asked.get("start_time") ?? "") : -Infinity;
    if (Number.isNaN(start) || start > now())
      return invalid("Invalid 'start_time': it must be a minimum of 10 seconds prior to now.");
    const token = asked.get("pagination_token");
    const before = token === null ? null : fromToken(token);
    const [since, until] = [asked.get("since_id"), asked.get("until_id")];
    const own = accepted.filter((post) => post.userId === user.id && !post.deleted);
    const visible = own.filter(({ hiddenReads }) => hiddenReads <= 0);
    for (const post of own) post.hiddenReads -= 1;
    const within = visible
      .filter(({ createdAt }) => createdAt >= start)
      .filter(({ id }) => (since === null || BigInt(id) > BigInt(since)) && (until === null || BigInt(id) < BigInt(until)))
      .toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1))
      .filter(({ id }) => before === null || BigInt(id) < before);
    const page = within.slice(0, most);
    if (page.length === 0) return reply(200, { meta: { result_count: 0 } });
    const more = within.length > most ? { next_token: toToken(page.at(-1)!.id) } : {};
    return reply(200, {
      data: page.map((post) => postJson(post, user.username, new Set(fields))),
      meta: { result_count: page.length, newest_id: page[0]!.id, oldest_id: page.at(-1)!.id, ...more },
    });
  }

  function upload({ headers, body }: Call): Reply {
    const form = multipart(headers["content-type"] ?? "", body);
    const file = form.get("media");
    const category = form.get("media_category")?.toString();
    const wrong = wrongBy(
      "MediaUploadRequest",
      Object.fromEntries([...form].map(([name, value]) => [name, value.toString("latin1")])),
    );
    if (wrong !== null) return invalid(wrong);
    if (file === undefined || file.length === 0 || category === undefined) return invalid("media is missing");
    if (file.length > 5 * 1024 * 1024)
      return reply(413, { title: "Payload Too Large", type: "about:blank", status: 413, detail: "" });
    const picture = { id: nextId(), bytes: file.length, category, alt: null, polls: mediaPolls };
    pictures.push(picture);
    return reply(200, {
      data: { id: picture.id, media_key: `3_${picture.id}`, size: file.length, expires_after_secs: 86_400, ...progress(picture) },
    });
  }

  function status({ url }: Call): Reply {
    const picture = pictures.find(({ id }) => id === url.searchParams.get("media_id"));
    if (!picture || url.searchParams.get("command") !== "STATUS") return reply(404, BODIES[404]);
    picture.polls -= 1;
    return reply(200, { data: { id: picture.id, media_key: `3_${picture.id}`, ...progress(picture) } });
  }

  function describe({ body }: Call): Reply {
    const asked = parsed(body);
    const wrong = wrongBy("CreateMediaMetadataRequest", asked);
    if (wrong !== null) return invalid(wrong);
    const { id, metadata } = asked as { id: string; metadata?: { alt_text?: { text: string } } };
    const picture = pictures.find((one) => one.id === id);
    if (!picture) return invalid("media not found");
    picture.alt = metadata?.alt_text?.text ?? null;
    return reply(200, { data: { id, associated_metadata: metadata ?? {} } });
  }

  const me = ({ user }: Call) => reply(200, { data: { id: user.id, name: user.username, username: user.username } });

  const routes: readonly Route[] = [
    { method: "POST", path: /^\/2\/tweets$/, call: "publish", answer: "CreatePostsResponse", handle: publish },
    { method: "DELETE", path: /^\/2\/tweets\/(\d{1,19})$/, call: "remove", answer: "DeletePostsResponse", handle: remove },
    { method: "GET", path: /^\/2\/users\/(\d{1,19})\/tweets$/, call: "read", answer: "GetUsersPostsResponse", handle: timeline },
    { method: "GET", path: /^\/2\/users\/me$/, call: "verify", answer: "GetUsersMeResponse", handle: me },
    { method: "POST", path: /^\/2\/media\/upload$/, call: "media", answer: "MediaUploadResponse", handle: upload },
    { method: "GET", path: /^\/2\/media\/upload$/, call: "media-status", answer: "GetMediaUploadStatusResponse", handle: status },
    { method: "POST", path: /^\/2\/media\/metadata$/, call: "metadata", answer: "CreateMediaMetadataResponse", handle: describe },
  ];
  return { routes, accepted, pictures, add };
}

function progress({ polls }: XPicture): object {
  return polls > 0 ? { processing_info: { state: "in_progress", check_after_secs: 1 } } : {};
}

function same(text: string): string {
  return text.normalize("NFC").replace(/\s+/gu, " ").trim();
}

/** base32hex, as X's tokens are. */
const toToken = (id: string) => BigInt(id).toString(32);
const fromToken = (token: string) => [...token].reduce((sum, digit) => sum * 32n + BigInt(parseInt(digit, 32)), 0n);

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The parts of a multipart/form-data body, by name. */
function multipart(type: string, body: Buffer): Map<string, Buffer> {
  const boundary = /boundary=([^;]+)/.exec(type)?.[1];
  const parts = new Map<string, Buffer>();
  if (boundary === undefined) return parts;
  const whole = body.toString("latin1");
  for (const part of whole.split(`--${boundary}`).slice(1, -1)) {
    const [head = "", ...rest] = part.split("\r\n\r\n");
    const name = /name="([^"]+)"/.exec(head)?.[1];
    if (name !== undefined) parts.set(name, Buffer.from(rest.join("\r\n\r\n").replace(/\r\n$/, ""), "latin1"));
  }
  return parts;
}
