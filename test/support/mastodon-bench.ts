import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { mastodon } from "../../src/networks/mastodon.ts";
import type { Account } from "../../src/networks/network.ts";
import { secretOf } from "./secret.ts";
import { startMastodon, type MastodonOptions } from "./mastodon.ts";

export const TOKEN = "standin-token";

export function accountOn(server: string, token = TOKEN): Account {
  const secret = secretOf({ token });
  return { id: "account-1", name: "masto-en", server, handle: null, settings: {}, secret };
}

/** The driver on a stand-in of its own. */
export async function mastodonBench(options: MastodonOptions = {}) {
  const standIn = await startMastodon(options);
  const outbound = createOutbound({ allow: ["127.0.0.0/8", `127.0.0.1:${standIn.port}`], userAgent: "Slugline-test/0" });
  const close = async () => {
    await standIn.close();
    await outbound.close();
  };
  return {
    standIn,
    network: mastodon(outbound),
    account: accountOn(standIn.url),
    stranger: accountOn(standIn.url, "nobody's"),
    outbound,
    close,
    [Symbol.asyncDispose]: close,
  };
}
