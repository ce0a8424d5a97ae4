import { createHash } from "node:crypto";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { bluesky } from "../../src/networks/bluesky.ts";
import { tidOf } from "../../src/networks/bluesky/tid.ts";
import type { Account, DeliveryKey, Network } from "../../src/networks/network.ts";
import { secretOf } from "./secret.ts";
import { startBluesky, type BlueskyOptions } from "./bluesky.ts";

export function accountOn(server: string, password = "abcd-efgh-ijkl-mnop", handle = "desk.example.org"): Account {
  return { id: "account-1", name: "bsky-en", server, handle, settings: {}, secret: secretOf({ password }) };
}

/** The contract names its keys; here a key is a TID, so each name is given one of its own. */
export function withNamedKeys(network: Network): Network {
  const named = (key: DeliveryKey): DeliveryKey => ({ ...key, idempotency: tidNamed(key.idempotency) });
  return {
    ...network,
    publish: (account, post, key, signal) => network.publish(account, post, named(key), signal),
    find: (account, key, owned, signal) => network.find!(account, named(key), owned, signal),
  };
}

export function tidNamed(name: string): string {
  const hash = createHash("sha256").update(name).digest();
  return tidOf({ now: hash.readUInt32BE(0), random: () => hash.readUInt32BE(4) / 2 ** 32 });
}

/** The driver on a stand-in of its own. */
export async function blueskyBench(options: BlueskyOptions = {}) {
  const standIn = await startBluesky(options);
  const outbound = createOutbound({ allow: ["127.0.0.0/8", `127.0.0.1:${standIn.port}`], userAgent: "Slugline-test/0" });
  const close = async () => {
    await standIn.close();
    await outbound.close();
  };
  return {
    standIn,
    network: withNamedKeys(bluesky(outbound)),
    account: accountOn(standIn.url),
    stranger: accountOn(standIn.url, "nobody's"),
    outbound,
    close,
    [Symbol.asyncDispose]: close,
  };
}
