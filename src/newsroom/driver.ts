import type { Account, Network } from "../networks/network.ts";

/** What stands between an account and its network. */
export interface Driver {
  /** The rehearsal driver where the account is in rehearsal. */
  readonly network: Network;
  readonly account: Account;
  readonly onUnknown: "ask" | "assume-posted";
  readonly rehearsal: boolean;
}

/** Undefined for an account that is gone, or whose network no driver here speaks. */
export type Drivers = (accountId: string) => Promise<Driver | undefined>;
