import { say } from "../../lib/say.ts";
import type { Outcome, Ready } from "../network.ts";

/** The Bot API's ReplyParameters: of a message that is gone it says so, and sends nothing alone. */
export interface Answered {
  readonly message_id: number;
  readonly allow_sending_without_reply: false;
}

/** What a message answers in its own chat: an album by its first message. Undefined for one that answers nothing. */
export function answeredBy({ replyTo }: Ready): Answered | Extract<Outcome, { kind: "refused" }> | undefined {
  if (replyTo === undefined) return undefined;
  const { id, url } = replyTo.parent;
  const [, number] =
    (id === null
      ? /^\/(?:c\/\d+|\w+)(?:\/\d+)?\/(\d+)$/.exec(URL.parse(url ?? "")?.pathname ?? "")
      : /^-?\d+\/(\d+)(?:,\d+)*$/.exec(id)) ?? [];
  if (number !== undefined) return { message_id: Number(number), allow_sending_without_reply: false };
  const why = say`${id ?? url ?? ""} is not the address of a message on Telegram.`;
  return { kind: "refused", why };
}
