import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { x } from "../../src/networks/x.ts";
import type { Account } from "../../src/networks/network.ts";
import { secretOf } from "./secret.ts";
import { startX, X_KEYS, type XOptions } from "./x.ts";

export function xAccountOn(server: string, keys: Readonly<Record<string, string>> = { ...X_KEYS }): Account {
  return { id: "account-1", name: "x-en", server, handle: "example", settings: {}, secret: secretOf(keys) };
}

/** The driver on a stand-in of its own. */
export async function xBench(options: XOptions & { readonly requestMs?: number } = {}) {
  const standIn = await startX(options);
  const outbound = createOutbound({ allow: ["127.0.0.0/8", `127.0.0.1:${standIn.port}`], userAgent: "Slugline-test/0" });
  const close = async () => {
    await standIn.close();
    await outbound.close();
  };
  return {
    standIn,
    network: x(outbound, options.requestMs === undefined ? {} : { requestMs: options.requestMs }),
    account: xAccountOn(standIn.url),
    stranger: xAccountOn(standIn.url, { ...X_KEYS, accessToken: "1001-nobody" }),
    outbound,
    close,
    [Symbol.asyncDispose]: close,
  };
}
