import { z } from "zod";
import { Fault } from "../../lib/fault.ts";
import { say } from "../../lib/say.ts";
import type { Account, Verified } from "../network.ts";
import { chatOf, jsonOf, type Ask, type Reply } from "./ask.ts";
import { invalidToken, outcomeOf } from "./outcome.ts";

const bot = z.object({ id: z.int(), username: z.string() });
const chat = z.object({ id: z.int(), type: z.string(), username: z.string().optional(), title: z.string().optional() });
const member = z.object({
  status: z.string(),
  can_post_messages: z.boolean().optional(),
  can_send_messages: z.boolean().optional(),
});

/** Whose the token is, whether the chat is there, and whether the bot may post in it. */
export async function verifyBot(ask: Ask, account: Account, signal: AbortSignal): Promise<Verified> {
  const named = chatOf(account);
  const me = await ask(account, "getMe", { signal });
  if (me.status === 401 || me.status === 404) return no(invalidToken(me.status, me.told));
  const { id, username } = read(bot, me, account);
  const there = await ask(account, "getChat", { ...jsonOf({ chat_id: named }), signal });
  if (there.status !== 200) return lockedOut(there, account);
  const found = read(chat, there, account);
  const rights = await ask(account, "getChatMember", { ...jsonOf({ chat_id: named, user_id: id }), signal });
  if (rights.status !== 200) return lockedOut(rights, account);
  if (!mayPost(found.type, read(member, rights, account)))
    return no(say`@${username} may not post in ${named}. Make it an administrator there who may post messages.`);
  return { ok: true, id: String(found.id), handle: found.username ?? found.title ?? null, endsAt: null, why: null };
}

function mayPost(type: string, { status, can_post_messages, can_send_messages }: z.output<typeof member>): boolean {
  if (status === "creator") return true;
  if (status === "administrator") return type !== "channel" || can_post_messages === true;
  if (type === "channel") return false;
  return status === "member" || (status === "restricted" && can_send_messages === true);
}

function lockedOut(reply: Reply, account: Account): Verified {
  const outcome = outcomeOf(reply);
  if (outcome.kind === "locked-out") return no(outcome.why);
  throw unclear(reply, account);
}

function read<Shape extends z.ZodType>(shape: Shape, reply: Reply, account: Account): z.output<Shape> {
  const { data } = shape.safeParse(reply.result);
  if (reply.status !== 200 || data === undefined) throw unclear(reply, account);
  return data;
}

function unclear({ status, told }: Reply, account: Account): Fault {
  return new Fault("TELEGRAM_ANSWER", say`${account.server} did not say whether ${account.name} may post (${status}): ${told}`);
}

function no(why: string): Verified {
  return { ok: false, id: null, handle: null, endsAt: null, why };
}
