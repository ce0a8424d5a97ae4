import type { Config } from "../config.ts";
import { NETWORKS, secretsAsked } from "../config/networks.ts";
import { Fault } from "../lib/fault.ts";
import { listedAccounts } from "../newsroom/credential-account.ts";
import { driverAccount, keepIn } from "../newsroom/drivers.ts";
import { accountById } from "../newsroom/store.ts";
import type { Store } from "../store/db.ts";

interface Missing {
  readonly account: string;
  readonly secret: string;
  /** What is wrong and what to do; never a value. */
  readonly why: string;
}

/** The secrets that accounts need to post and that are nowhere, or that no key opens. Asks no network. */
export async function missingSecrets(store: Store, config: Config): Promise<Missing[]> {
  const kept = keepIn(store, config.keys);
  const missing: Missing[] = [];
  for (const { id, name, network, state, rehearsal } of await listedAccounts(store)) {
    if (state === "disabled" || rehearsal) continue;
    const account = driverAccount((await accountById(store, id))!, config.secrets, kept);
    const row = NETWORKS[network];
    const app = new Set<string>();
    for (const secret of Object.keys(row?.signIn ?? {}))
      if ((await account.secret.find(secret).catch(() => undefined)) !== undefined) app.add(secret);
    // An account that is signed in through an app and has no session yet is locked out, which is told as that.
    for (const secret of Object.keys(row ? secretsAsked(row, (one) => app.has(one)) : {})) {
      try {
        await account.secret.get(secret);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        missing.push({ account: name, secret, why: error.message });
      }
    }
  }
  return missing;
}
