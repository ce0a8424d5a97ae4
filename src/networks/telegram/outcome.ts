import { z } from "zod";
import { Fault, reasonOf } from "../../lib/fault.ts";
import { OutboundError } from "../../lib/outbound/error.ts";
import { say } from "../../lib/say.ts";
import type { Outcome } from "../network.ts";
import type { Reply } from "./ask.ts";

/** Id 0 is a message that Telegram will send later by itself: there, but not yet to be named. */
const message = z.object({
  message_id: z.int().positive(),
  chat: z.object({ id: z.int(), username: z.string().regex(/^\w+$/).optional().catch(undefined) }),
});
/** One message, or those of an album. */
const sent = z.union([message.transform((one) => [one]), z.array(message).min(1)]);

/** What Telegram says with a 400 about the chat, not about the message. */
const NOT_THE_POSTS_FAULT =
  /chat not found|chat_id is empty|chat was upgraded|CHAT_WRITE_FORBIDDEN|CHANNEL_PRIVATE|PEER_ID_INVALID|CHAT_ADMIN_REQUIRED|administrator rights|not enough rights|have no rights/i;

/** What a request that changes something came to (DESIGN R2): only a 4xx, other than 408, says that it did nothing. */
export function outcomeOf(reply: Reply): Outcome {
  const { status, result, told, later, movedTo } = reply;
  if (status >= 200 && status < 300) return postedAs(result, status);
  if (status === 401 || status === 404) return { kind: "locked-out", why: invalidToken(status, told) };
  if (status === 403)
    return {
      kind: "locked-out",
      why: say`The bot may not post there (403): ${told} Make it an administrator who may post messages.`,
    };
  if (status === 429) return { kind: "busy", why: say`Telegram asks to wait (429): ${told}`, ...later };
  if (status >= 300 && status < 400)
    return { kind: "unknown", why: say`The server pointed elsewhere (${status}); what became of the request it did not say.` };
  if (movedTo !== null)
    return { kind: "locked-out", why: say`The group became a supergroup, whose id is ${movedTo}. Set chat to "${movedTo}".` };
  if (status === 400 && NOT_THE_POSTS_FAULT.test(told))
    return {
      kind: "locked-out",
      why: say`The bot cannot post there (400): ${told} Compare chat with the channel's name or id, and make the bot an administrator who may post messages.`,
    };
  if (status >= 400 && status < 500 && status !== 408)
    return { kind: "refused", why: say`Telegram refused it (${status}): ${told}` };
  return { kind: "unknown", why: say`Telegram failed (${status}).`, ...(status === 503 ? later : {}) };
}

/** `<chat>/<message>`, or `<chat>/<message>,<message>` for an album, whose address is its first message's. */
function postedAs(result: unknown, status: number): Outcome {
  const { data: messages } = sent.safeParse(result);
  const first = messages?.[0];
  if (!messages || !first) return { kind: "unknown", why: say`The answer (${status}) could not be read.` };
  const { id, username } = first.chat;
  return {
    kind: "posted",
    id: `${id}/${messages.map((one) => one.message_id).join(",")}`,
    url: username === undefined ? null : `https://t.me/${username}/${first.message_id}`,
  };
}

export function invalidToken(status: number, told: string): string {
  return say`Telegram does not accept the bot's token (${status}): ${told} It is invalid or was revoked: ask @BotFather for the bot's token (/mybots, API Token).`;
}

const TO_BE_MENDED = new Set(["SECRET_MISSING", "SECRET_MALFORMED", "ACCOUNT_SETTING"]);

/** What a request that brought no answer came to. */
export function outcomeOfError(error: unknown): Outcome {
  const why = reasonOf(error);
  if (error instanceof OutboundError && error.sent === "maybe") return { kind: "unknown", why };
  if (error instanceof Fault && TO_BE_MENDED.has(error.code)) return { kind: "locked-out", why };
  return error instanceof Fault ? { kind: "busy", why } : { kind: "unknown", why };
}
