import { networksFor } from "../app/networks.ts";
import type { Config } from "../config.ts";
import { envField, NETWORKS, secretsAsked } from "../config/networks.ts";
import { codeOf, sentenceOf } from "../lib/fault.ts";
import { createOutbound } from "../lib/outbound/outbound.ts";
import { plain } from "../lib/say.ts";
import { systemClock } from "../lib/time.ts";
import { version } from "../lib/version.ts";
import { driverAccount, keepIn } from "../newsroom/drivers.ts";
import { accountById, type AccountRow } from "../newsroom/store.ts";
import type { Store } from "../store/db.ts";
import { listening } from "./secrets-heard.ts";

/** What an account's network says of it. */
export interface Told {
  readonly account: string;
  readonly network: string;
  readonly ok: boolean;
  readonly id: string | null;
  readonly handle: string | null;
  /** When its access ends (ISO 8601); null when it does not, or is renewed by itself. */
  readonly endsAt: string | null;
  readonly limit: number | null;
  readonly unit: string | null;
  /** What is wrong; null when nothing is. */
  readonly why: string | null;
  /** What to do about it. */
  readonly advice: string | null;
}

const WITHIN_MS = 20_000;

/** Asks accounts' own networks about them, also those of accounts in rehearsal. Nothing is posted, no row changes its state. */
export function verifier(store: Store, config: Config): { ask(accountId: string): Promise<Told>; close(): Promise<void> } {
  const outbound = createOutbound({ allow: [...config.outboundAllow], userAgent: `Slugline/${version} (+${config.publicUrl})` });
  const networks = networksFor(outbound, systemClock);
  const kept = keepIn(store, config.keys);

  return {
    async ask(accountId) {
      const row = (await accountById(store, accountId))!;
      const { account, heard } = listening(driverAccount(row, config.secrets, kept));
      // Drivers take secrets out of sentences, libraries may not.
      const hush = (sentence: string) => [...heard].reduce((so, value) => so.replaceAll(value, "[secret]"), sentence);
      const told: Told = {
        account: row.name,
        network: row.network,
        ok: false,
        id: null,
        handle: null,
        endsAt: null,
        limit: null,
        unit: null,
        why: null,
        advice: null,
      };
      const network = networks.get(row.network);
      if (!network) return { ...told, why: `This version does not speak with ${row.network}.` };
      try {
        const signal = AbortSignal.timeout(WITHIN_MS);
        const verified = await network.verify(account, signal);
        if (!verified.ok) {
          const why = verified.why ?? "The network does not know this account.";
          return { ...told, why: hush(plain(why)), advice: adviceOn(row) };
        }
        const { max, unit } = await network.limits(account, signal);
        const end = verified.renewal ? verified.renewal.endsAt : verified.endsAt;
        const endsAt = end === null ? null : new Date(end).toISOString();
        return { ...told, ok: true, id: verified.id, handle: verified.handle ?? row.handle, endsAt, limit: max, unit };
      } catch (error) {
        const missing = ["SECRET_MISSING", "SEAL_KEY_MISSING", "SEAL_BROKEN"].includes(codeOf(error) ?? "");
        const advice = missing ? adviceOn(row) : `Is ${row.server || "its server"} reachable from here? Try again when it is.`;
        return { ...told, why: hush(sentenceOf(error)), advice };
      }
    },
    close: () => outbound.close(),
  };
}

/** Where its secrets are, so where a new one goes; and where a new one is to be found. */
function adviceOn({ name, network, settings }: AccountRow): string {
  const row = NETWORKS[network];
  const named = (secret: string) => typeof settings[envField(secret)] === "string";
  const secrets = Object.entries(row ? secretsAsked(row, named) : {});
  const found = secrets.map(([, { where }]) => where).join("; ");
  const variables = secrets.map(([secret]) => settings[envField(secret)]).filter((one) => typeof one === "string");
  const put =
    variables.length > 0
      ? `Put it into ${variables.join(", ")} and restart`
      : `Give it with: slugline account add ${name} --network ${network}`;
  return `${put}. Where to find it: ${found}.`;
}

/** As a person reads it. */
export function linesOf(told: Told): string[] {
  const { account, network, ok, handle, id, endsAt, limit, unit, why, advice } = told;
  if (!ok) return [`${account} (${network}) does not work: ${why ?? ""}`, ...(advice === null ? [] : [`  ${advice}`])];
  const ends = endsAt === null ? "its token does not end" : `its token ends ${endsAt}`;
  return [`${account} (${network}) works: ${handle ?? id ?? "no name is told"}, ${limit} ${unit}s a post, ${ends}.`];
}
