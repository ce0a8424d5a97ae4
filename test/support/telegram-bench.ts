import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import type { Account } from "../../src/networks/network.ts";
import { telegram } from "../../src/networks/telegram.ts";
import { secretOf } from "./secret.ts";
import { CHANNEL, startTelegram, TOKEN, type TelegramOptions } from "./telegram.ts";

export function telegramAccountOn(server: string, token = TOKEN, chat: unknown = `@${CHANNEL.username}`): Account {
  const secret = secretOf({ token });
  return { id: "account-1", name: "telegram-en", server, handle: null, settings: { chat }, secret };
}

/** The driver on a stand-in of its own. */
export async function telegramBench(options: TelegramOptions = {}) {
  const standIn = await startTelegram(options);
  const outbound = createOutbound({ allow: ["127.0.0.0/8", `127.0.0.1:${standIn.port}`], userAgent: "Slugline-test/0" });
  const close = async () => {
    await standIn.close();
    await outbound.close();
  };
  return {
    standIn,
    network: telegram(outbound),
    account: telegramAccountOn(standIn.url),
    stranger: telegramAccountOn(standIn.url, "110201543:nobodys"),
    outbound,
    close,
    [Symbol.asyncDispose]: close,
  };
}
