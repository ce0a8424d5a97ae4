import type { IncomingHttpHeaders } from "node:http";
import { linksIn } from "../../src/lib/text/links.ts";
import { multipart } from "./mastodon-body.ts";
import type { Reply } from "./wire.ts";

/** What stands in a chat: a message, or an album of several that share a caption. */
export interface Sent {
  readonly chat: number;
  readonly messages: readonly number[];
  readonly kind: "text" | "photo" | "album";
  text: string;
  readonly pictures: readonly { readonly bytes: number; readonly veiled: boolean }[];
  /** The address whose card is shown; null for none. */
  preview: string | null;
  /** The message it answers; null for none. */
  readonly replyTo: number | null;
  deleted: boolean;
}

export interface Chat {
  /** A group that became a supergroup keeps its old id only to say so. */
  readonly id: number;
  readonly type: "channel" | "group" | "supergroup";
  readonly title: string;
  readonly username?: string;
  readonly movedTo?: number;
  /** The bot's own status there; absent: it was never added. */
  readonly bot?: { readonly status: string; readonly can_post_messages?: boolean };
}

/** ReplyParameters, as far as they are used. */
interface Answering {
  readonly message_id?: number;
  readonly allow_sending_without_reply?: boolean;
}

interface Fields {
  readonly [name: string]: unknown;
}

export const ok = (result: unknown): Reply => ({ status: 200, body: { ok: true, result } });
export const failed = (status: number, description: string, parameters?: object): Reply => ({
  status,
  body: { ok: false, error_code: status, description, ...(parameters ? { parameters } : {}) },
});

/** Fields of a method: JSON, or a form whose files are named by their size. */
export function fieldsOf(headers: IncomingHttpHeaders, body: Buffer): { fields: Fields; files: Map<string, Buffer> } {
  const type = headers["content-type"] ?? "";
  if (type.startsWith("application/json")) return { fields: JSON.parse(body.toString()) as Fields, files: new Map() };
  const files = multipart(type, body);
  return { fields: Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.toString()])), files };
}

/** The methods of the Bot API that a program which posts asks for, on chats in memory. */
export function createMethods(chats: readonly Chat[], now: () => number) {
  const sent: Sent[] = [];
  let last = 100;

  function shown(one: Sent, message_id: number): object {
    const { id, type, title, username } = chats.find((chat) => chat.id === one.chat) as Chat;
    const chat = { id, type, title, ...(username ? { username } : {}) };
    const entities = linksIn(one.text).map(([offset, end]) => ({ type: "url", offset, length: end - offset }));
    const words =
      one.kind === "text"
        ? { text: one.text, entities }
        : { photo: [{ file_id: `AgAC${message_id}`, width: 90, height: 60 }], caption: one.text };
    return { message_id, sender_chat: chat, chat, date: Math.floor(now() / 1000), ...words };
  }

  function put(chat: Chat, kind: Sent["kind"], more: Pick<Sent, "text" | "pictures" | "preview">, fields: Fields): Reply {
    const asked = fields["reply_parameters"];
    const { message_id, allow_sending_without_reply } = (
      typeof asked === "string" ? JSON.parse(asked) : (asked ?? {})
    ) as Answering;
    const answered = message_id !== undefined && found(chat, message_id) !== undefined;
    if (message_id !== undefined && !answered && !allow_sending_without_reply)
      return failed(400, "Bad Request: message to be replied not found");
    const messages = Array.from({ length: kind === "album" ? more.pictures.length : 1 }, () => (last += 1));
    const one: Sent = {
      chat: chat.id,
      messages,
      kind,
      ...more,
      text: more.text.trim(),
      replyTo: answered ? message_id : null,
      deleted: false,
    };
    sent.push(one);
    return ok(kind === "album" ? messages.map((id) => shown(one, id)) : shown(one, messages[0] as number));
  }

  const wordsProblem = (text: string, kind: Sent["kind"]): Reply | undefined => {
    if (kind === "text" && text.trim() === "") return failed(400, "Bad Request: message text is empty");
    if (kind === "text" && text.trim().length > 4_096) return failed(400, "Bad Request: message is too long");
    if (kind !== "text" && text.trim().length > 1_024) return failed(400, "Bad Request: message caption is too long");
    return undefined;
  };
  const previewOf = (fields: Fields): string | null => {
    const { is_disabled, url } = (fields["link_preview_options"] ?? {}) as { is_disabled?: boolean; url?: string };
    const [first] = linksIn(String(fields["text"]));
    if (is_disabled) return null;
    return url ?? (first ? String(fields["text"]).slice(...first) : null);
  };
  const found = (chat: Chat, id: unknown) =>
    sent.find((one) => one.chat === chat.id && !one.deleted && one.messages.includes(Number(id)));

  function sendMessage(chat: Chat, fields: Fields): Reply {
    const text = String(fields["text"] ?? "");
    return wordsProblem(text, "text") ?? put(chat, "text", { text, pictures: [], preview: previewOf(fields) }, fields);
  }

  function sendPhoto(chat: Chat, fields: Fields, files: Map<string, Buffer>): Reply {
    const text = String(fields["caption"] ?? "");
    const bytes = files.get("photo")?.length ?? 0;
    if (bytes === 0) return failed(400, "Bad Request: there is no photo in the request");
    const pictures = [{ bytes, veiled: fields["has_spoiler"] === "true" }];
    return wordsProblem(text, "photo") ?? put(chat, "photo", { text, pictures, preview: null }, fields);
  }

  function sendMediaGroup(chat: Chat, fields: Fields, files: Map<string, Buffer>): Reply {
    const media = JSON.parse(String(fields["media"])) as { media: string; caption?: string; has_spoiler?: boolean }[];
    if (media.length < 2 || media.length > 10) return failed(400, "Bad Request: wrong number of media in the album");
    const text = media[0]?.caption ?? "";
    const pictures = media.map((one) => ({
      bytes: files.get(one.media.replace("attach://", ""))?.length ?? 0,
      veiled: one.has_spoiler === true,
    }));
    if (pictures.some(({ bytes }) => bytes === 0)) return failed(400, "Bad Request: wrong file identifier/HTTP URL specified");
    return wordsProblem(text, "album") ?? put(chat, "album", { text, pictures, preview: null }, fields);
  }

  function edited(chat: Chat, fields: Fields, kind: "text" | "caption"): Reply {
    const one = found(chat, fields["message_id"]);
    if (!one) return failed(400, "Bad Request: message to edit not found");
    if ((one.kind === "text") !== (kind === "text"))
      return failed(400, `Bad Request: there is no ${kind} in the message to edit`);
    const text = String(fields[kind] ?? "");
    const problem = wordsProblem(text, one.kind);
    if (problem) return problem;
    if (one.text === text.trim())
      return failed(
        400,
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
      );
    one.text = text.trim();
    if (kind === "text") one.preview = previewOf(fields);
    return ok(shown(one, Number(fields["message_id"])));
  }

  function removed(chat: Chat, ids: readonly unknown[], strict: boolean): Reply {
    const these = ids.map((id) => found(chat, id));
    if (strict && !these[0]) return failed(400, "Bad Request: message to delete not found");
    for (const one of these) if (one) one.deleted = true;
    return ok(true);
  }

  return { sent, sendMessage, sendPhoto, sendMediaGroup, edited, removed };
}
