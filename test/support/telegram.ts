import { createMethods, failed, fieldsOf, ok, type Chat, type Sent } from "./telegram-api.ts";
import { bodyOf, echoOf, type TelegramCall } from "./telegram-faults.ts";
import { createScript, startWire, type Logged, type Reply, type WireFault } from "./wire.ts";

export const TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
export const CHANNEL: Chat = {
  id: -1001234567890,
  type: "channel",
  title: "Daily Example",
  username: "dailyexample",
  bot: { status: "administrator", can_post_messages: true },
};

export interface TelegramOptions {
  readonly port?: number;
  readonly chats?: readonly Chat[];
  /** Holds to what Telegram is known to hold to: a message a second and twenty a minute in a chat. */
  readonly paced?: boolean;
  /** The server's clock, milliseconds since the epoch. Default the machine's. */
  readonly now?: () => number;
}

export interface TelegramStandIn extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** Everything that ever stood in a chat, oldest first; removed ones stay, with `deleted`. */
  readonly accepted: Sent[];
  readonly requests: Logged[];
  /** What befalls the next `times` calls of this kind (default: one publish). Faults queue up in order. */
  next(fault: WireFault, times?: number, call?: TelegramCall | "any"): void;
  clearFaults(): void;
  /** Moves the server's clock. */
  advance(ms: number): void;
  close(): Promise<void>;
}

const CALLS: Readonly<Record<string, TelegramCall>> = {
  getMe: "verify",
  getChat: "read",
  getChatMember: "read",
  sendMessage: "publish",
  sendPhoto: "publish",
  sendMediaGroup: "publish",
  editMessageText: "edit",
  editMessageCaption: "edit",
  deleteMessage: "remove",
  deleteMessages: "remove",
};
const PACES = [
  { most: 1, ms: 1_000 },
  { most: 20, ms: 60_000 },
];

/** A server that speaks the Bot API's dialect, as far as a program that posts hears it. It keeps no keys and lists nothing. */
export async function startTelegram(options: TelegramOptions = {}): Promise<TelegramStandIn> {
  const chats = options.chats ?? [CHANNEL];
  const bot = { id: 110_201_543, is_bot: true, first_name: "Desk", username: "desk_example_bot" };
  const script = createScript<TelegramCall>("publish");
  const posted = new Map<number, number[]>();
  let shift = 0;
  const now = () => (options.now?.() ?? Date.now()) + shift;
  const methods = createMethods(chats, now);

  /** How many seconds a chat must wait; 0 when it need not. */
  function wait(chat: Chat): number {
    const times = posted.get(chat.id) ?? [];
    const waits = PACES.map(({ most, ms }) => {
      const blocking = times.filter((at) => at > now() - ms).at(-most);
      return blocking === undefined ? 0 : Math.ceil((blocking + ms - now()) / 1_000);
    });
    if (Math.max(...waits) === 0) posted.set(chat.id, [...times, now()]);
    return Math.max(...waits);
  }

  function answerTo(method: string, headers: Logged["headers"], body: Buffer): Reply {
    if (method === "getMe") return ok(bot);
    const { fields, files } = fieldsOf(headers, body);
    const named = String(fields["chat_id"] ?? "");
    const chat = chats.find(({ id, username }) => named === String(id) || named.toLowerCase() === `@${username}`.toLowerCase());
    if (!chat) return failed(400, "Bad Request: chat not found");
    if (chat.movedTo !== undefined)
      return failed(400, "Bad Request: group chat was upgraded to a supergroup chat", { migrate_to_chat_id: chat.movedTo });
    if (method === "getChat") return ok({ id: chat.id, type: chat.type, title: chat.title, username: chat.username });
    if (method === "getChatMember") return ok({ user: bot, ...(chat.bot ?? { status: "left" }) });
    if (!chat.bot) return failed(403, `Forbidden: bot is not a member of the ${chat.type} chat`);
    if (chat.bot.status === "kicked") return failed(403, `Forbidden: bot was kicked from the ${chat.type} chat`);
    if (chat.type === "channel" && !chat.bot.can_post_messages)
      return failed(400, "Bad Request: need administrator rights in the channel chat");
    const seconds = options.paced && CALLS[method] === "publish" ? wait(chat) : 0;
    if (seconds > 0) return failed(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
    if (method === "sendMessage") return methods.sendMessage(chat, fields);
    if (method === "sendPhoto") return methods.sendPhoto(chat, fields, files);
    if (method === "sendMediaGroup") return methods.sendMediaGroup(chat, fields, files);
    if (method === "editMessageText") return methods.edited(chat, fields, "text");
    if (method === "editMessageCaption") return methods.edited(chat, fields, "caption");
    if (method === "deleteMessage") return methods.removed(chat, [fields["message_id"]], true);
    return methods.removed(chat, fields["message_ids"] as unknown[], false);
  }

  const wire = await startWire<TelegramCall>({
    script,
    now,
    port: options.port,
    notFound: failed(404, "Not Found"),
    bodyOf,
    echoOf,
    asked({ url, headers, body }) {
      const [, token = "", method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(url.pathname) ?? [];
      const call = CALLS[method];
      if (call === undefined) return undefined;
      const secret = decodeURIComponent(token);
      return { call, secret, act: () => (secret === TOKEN ? answerTo(method, headers, body) : failed(401, "Unauthorized")) };
    },
  });
  return {
    url: wire.url,
    port: wire.port,
    token: TOKEN,
    accepted: methods.sent,
    requests: wire.requests,
    next: script.next,
    clearFaults: script.clear,
    advance: (ms) => void (shift += ms),
    close: wire.close,
    [Symbol.asyncDispose]: wire.close,
  };
}
