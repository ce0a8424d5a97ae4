import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import type { Account } from "../../src/networks/network.ts";
import { webhook } from "../../src/networks/webhook.ts";
import { secretOf } from "./secret.ts";
import { SECRET, startWebhook, type WebhookOptions } from "./webhook.ts";

export function webhookAccountOn(url: unknown, secret = SECRET): Account {
  const server = (typeof url === "string" && URL.parse(url)?.origin) || "";
  return { id: "account-1", name: "hook-en", server, handle: null, settings: { url }, secret: secretOf({ secret }) };
}

/** The driver on a receiver of its own. */
export async function webhookBench(options: WebhookOptions = {}) {
  const standIn = await startWebhook(options);
  const outbound = createOutbound({ allow: [`127.0.0.1:${standIn.port}`], userAgent: "Slugline-test/0" });
  const close = async () => {
    await standIn.close();
    await outbound.close();
  };
  return {
    standIn,
    network: webhook(outbound),
    account: webhookAccountOn(standIn.url),
    outbound,
    close,
    [Symbol.asyncDispose]: close,
  };
}
