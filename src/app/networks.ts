import type { Outbound } from "../lib/outbound/outbound.ts";
import type { Limits } from "../lib/text/limits.ts";
import type { Clock } from "../lib/time.ts";
import { bluesky, USUAL as BLUESKY_USUAL } from "../networks/bluesky.ts";
import { mastodon, USUAL as MASTODON_USUAL } from "../networks/mastodon.ts";
import type { Network } from "../networks/network.ts";
import { USUAL as REHEARSAL_USUAL } from "../networks/rehearsal.ts";
import { telegram, USUAL as TELEGRAM_USUAL } from "../networks/telegram.ts";
import { webhook, USUAL as WEBHOOK_USUAL } from "../networks/webhook.ts";
import { x, USUAL as X_USUAL } from "../networks/x.ts";

/** Every network there is: its driver, and what it takes until its server has told. A new one is its import and its line. */
const NETWORKS = {
  bluesky: [bluesky, BLUESKY_USUAL],
  mastodon: [mastodon, MASTODON_USUAL],
  telegram: [telegram, TELEGRAM_USUAL],
  webhook: [webhook, WEBHOOK_USUAL],
  x: [x, X_USUAL],
} as const;

/** What a network takes until its server has told; needs no server and no store. */
export function usualLimits(network: string): Limits {
  return network in NETWORKS ? NETWORKS[network as keyof typeof NETWORKS][1] : REHEARSAL_USUAL;
}

/** Every driver that speaks with a network, by name; the rehearsal's stands beside them. */
export function networksFor(outbound: Outbound, clock: Clock): Map<string, Network> {
  return new Map(Object.entries(NETWORKS).map(([name, [driver]]) => [name, driver(outbound, { clock })]));
}
