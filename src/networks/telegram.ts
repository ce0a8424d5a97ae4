import { Fault } from "../lib/fault.ts";
import type { Outbound, RequestOptions } from "../lib/outbound/outbound.ts";
import { say } from "../lib/say.ts";
import type { Limits } from "../lib/text/limits.ts";
import { systemClock, type Clock } from "../lib/time.ts";
import { serverScope } from "./hearing.ts";
import { beforehand, type Account, type DeliveryKey, type Network, type Outcome, type Ready, type Verified } from "./network.ts";
import { chatOf, createAsk, jsonOf, type Reply } from "./telegram/ask.ts";
import { verifyBot } from "./telegram/may-post.ts";
import { outcomeOf, outcomeOfError } from "./telegram/outcome.ts";
import { fetchPictures, formOf } from "./telegram/pictures.ts";
import { answeredBy, type Answered } from "./telegram/reply.ts";

/** Telegram has no field for alternative texts, and none for a warning: that stands in the text. */
export const USUAL: Limits = {
  max: 4_096,
  unit: "utf16",
  perLink: null,
  media: { max: 10, altMax: 0, maxBytes: 10 * 1024 * 1024 },
};

/** How long the words under a picture may be (UTF-16). */
const CAPTION_MAX = 1_024;

export interface TelegramOptions {
  readonly clock?: Clock;
  /** How long one request may take (ms); less than a delivery's lease. */
  readonly requestMs?: number;
}

interface Call {
  readonly method: string;
  readonly request: RequestOptions;
}

/**
 * A Telegram channel or group, by the Bot API. A bot cannot read back what it posted and no request bears a key, so what
 * is unknown only a person can tell. Words are sent without a parse mode: links and hashtags are found by Telegram.
 */
export function telegram(outbound: Outbound, { clock = systemClock, requestMs = 25_000 }: TelegramOptions = {}): Network {
  const ask = createAsk({ outbound, clock, requestMs });

  async function publish(account: Account, post: Ready, key: DeliveryKey, signal: AbortSignal): Promise<Outcome> {
    const answered = answeredBy(post);
    if (answered && "kind" in answered) return answered;
    let call: Call;
    try {
      call = await callFor(account, post, answered, signal);
    } catch (error) {
      if (error instanceof Fault && error.code === "PICTURE_REFUSED") return { kind: "refused", why: error.said };
      return beforehand(outcomeOfError(error));
    }
    const { deadline } = key;
    const beforeWrite = deadline ? { beforeWrite: () => deadline.check() } : {};
    return outcomeOfAsking(() => ask(account, call.method, { ...call.request, ...beforeWrite, signal }));
  }

  async function callFor(account: Account, post: Ready, answered: Answered | undefined, signal: AbortSignal): Promise<Call> {
    const chat_id = chatOf(account);
    if (!takesCaption(post)) {
      const fields = {
        chat_id,
        text: post.text,
        link_preview_options: previewOf(post),
        ...(answered ? { reply_parameters: answered } : {}),
      };
      return { method: "sendMessage", request: jsonOf(fields) };
    }
    const { max, maxBytes } = USUAL.media!;
    const pictures = await fetchPictures(outbound, post.media.slice(0, max), { maxBytes, signal });
    const [only, ...others] = pictures;
    const veil = post.sensitive ? { has_spoiler: true } : {};
    // In a form every field is text.
    const reply = answered ? { reply_parameters: JSON.stringify(answered) } : {};
    if (only && others.length === 0) {
      const fields = { chat_id, caption: post.text, ...(post.sensitive ? { has_spoiler: "true" } : {}), ...reply };
      return { method: "sendPhoto", request: formOf(fields, { photo: only }) };
    }
    const files = Object.fromEntries(pictures.map((picture, at) => [`picture${at}`, picture]));
    const media = Object.keys(files).map((name, at) => ({
      type: "photo",
      media: `attach://${name}`,
      ...(at === 0 ? { caption: post.text } : {}),
      ...veil,
    }));
    return { method: "sendMediaGroup", request: formOf({ chat_id, media: JSON.stringify(media), ...reply }, files) };
  }

  /** A message has words or a caption, and only Telegram knows which: the other is tried when it says so. */
  async function edit(account: Account, id: string, post: Ready, signal: AbortSignal): Promise<Outcome> {
    const named = messagesOf(id);
    if (!named) return unreadable(id);
    const target = { chat_id: named.chat, message_id: named.messages[0] };
    const words = { method: "editMessageText", fields: { text: post.text, link_preview_options: previewOf(post) } };
    const caption = { method: "editMessageCaption", fields: { caption: post.text } };
    const change = async ({ method, fields }: typeof words | typeof caption) => {
      const reply = await ask(account, method, { ...jsonOf({ ...target, ...fields }), signal });
      return { reply, other: reply.status === 400 && /no (?:text|caption) in the message/i.test(reply.told) };
    };
    const [first, second] = takesCaption(post) ? [caption, words] : [words, caption];
    const outcome = await outcomeOfAsking(
      async () => {
        const { reply, other } = await change(first);
        return other ? (await change(second)).reply : reply;
      },
      (reply) => (says(reply, /message is not modified/i) ? { kind: "posted", id, url: null } : outcomeOf(reply)),
    );
    return outcome.kind === "posted" ? { ...outcome, id } : outcome;
  }

  /** `posted` means that it is done: a post that is gone already needs no removing. */
  async function remove(account: Account, id: string, signal: AbortSignal): Promise<Outcome> {
    const named = messagesOf(id);
    if (!named) return unreadable(id);
    const { chat: chat_id, messages } = named;
    const [method, fields] =
      messages.length === 1
        ? ["deleteMessage", { chat_id, message_id: messages[0] }]
        : ["deleteMessages", { chat_id, message_ids: messages }];
    return outcomeOfAsking(
      () => ask(account, method, { ...jsonOf(fields), signal }),
      (reply) =>
        reply.result === true || says(reply, /message to delete not found/i)
          ? { kind: "posted", id, url: null }
          : outcomeOf(reply),
    );
  }

  async function verify(account: Account, signal: AbortSignal): Promise<Verified> {
    try {
      return await verifyBot(ask, account, signal);
    } catch (error) {
      const outcome = outcomeOfError(error);
      if (outcome.kind !== "locked-out") throw error;
      return { ok: false, id: null, handle: null, endsAt: null, why: outcome.why };
    }
  }

  return {
    name: "telegram",
    promise: "asked",
    settleMs: 0,
    keyMs: 0,
    usual: USUAL,
    scopes: async (account) => serverScope(account),
    limits: async () => USUAL,
    verify,
    publish,
    edit,
    remove,
  };
}

/** Words too long for a caption are never cut: they go as a message, whose preview of the link stands in for the pictures. */
function takesCaption(post: Ready): boolean {
  return post.media.length > 0 && post.text.length <= CAPTION_MAX;
}

/** The server makes the card of the link. A preview cannot be veiled, so a post with sensitive pictures has none. */
function previewOf(post: Ready): object {
  const url = post.card?.url ?? post.link;
  return url === null || post.sensitive ? { is_disabled: true } : { url, prefer_large_media: true };
}

function says({ status, told }: Reply, words: RegExp): boolean {
  return status === 400 && words.test(told);
}

function messagesOf(id: string): { readonly chat: number; readonly messages: number[] } | undefined {
  const [, chat, messages] = /^(-?\d+)\/(\d+(?:,\d+)*)$/.exec(id) ?? [];
  return chat === undefined || messages === undefined
    ? undefined
    : { chat: Number(chat), messages: messages.split(",").map(Number) };
}

function unreadable(id: string): Outcome {
  return {
    kind: "refused",
    why: say`${id} is not the id of a message: a chat's and a message's number, such as -1001234567890/17.`,
  };
}

async function outcomeOfAsking(request: () => Promise<Reply>, read: (reply: Reply) => Outcome = outcomeOf): Promise<Outcome> {
  let reply: Reply;
  try {
    reply = await request();
  } catch (error) {
    return outcomeOfError(error);
  }
  return read(reply);
}
