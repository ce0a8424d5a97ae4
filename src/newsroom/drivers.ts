import { Fault } from "../lib/fault.ts";
import { gather } from "../lib/gather.ts";
import { microsOf } from "../lib/money.ts";
import { say } from "../lib/say.ts";
import { systemClock, type Clock } from "../lib/time.ts";
import type { Account, Network, Secret } from "../networks/network.ts";
import type { Store } from "../store/db.ts";
import { MOST_GIVEN } from "../store/given.ts";
import type { Prices } from "./allowance.ts";
import { findCredential, keepCredential } from "./credential.ts";
import { createAlone, type Alone } from "./credential-lock.ts";
import type { Keys } from "./seal.ts";
import { accountsById, type AccountRow } from "./store.ts";

type Secrets = (envName: string) => string | undefined;

/** What stands between an account and its network. */
export interface Driver {
  /** The rehearsal driver where the account is in rehearsal. */
  readonly network: Network;
  readonly account: Account;
  readonly onUnknown: "ask" | "assume-posted";
  readonly rehearsal: boolean;
  /** What its own network takes, in rehearsal too; null where it takes nothing. */
  readonly prices: Prices | null;
}

/**
 * Undefined for an account that is gone, or whose network no driver here speaks.
 *
 * @param rehearsal where a try of it went, where that is asked for whatever the account is now
 */
export type Drivers = (accountId: string, rehearsal?: boolean) => Promise<Driver | undefined>;

/** Where secrets are that no variable holds. */
export interface Kept {
  readonly store: Store;
  readonly keys: Keys;
  readonly alone: Alone;
}

/** Finds the driver of an account, and what that driver is told of it. */
export function createDrivers({
  store,
  networks,
  secrets,
  keys,
  clock = systemClock,
}: {
  store: Store;
  networks: ReadonlyMap<string, Network>;
  secrets: Secrets;
  keys: Keys;
  clock?: Clock;
}): Drivers {
  const kept = keepIn(store, keys, clock);
  const accountOf = gather(MOST_GIVEN, (ids: readonly string[]) => accountsById(store, ids));
  return async (accountId, sent) => {
    const row = await accountOf(accountId);
    const rehearsal = sent ?? row?.rehearsing ?? false;
    const network = row && networks.get(rehearsal ? "rehearsal" : row.network);
    if (!row || !network) return undefined;
    const account = driverAccount(row, secrets, kept);
    const prices = pricesOf(row, networks.get(row.network));
    return { network, account, onUnknown: row.on_unknown, rehearsal, prices } satisfies Driver;
  };
}

/** As the newsroom says, else as the network told, else by its list. */
function pricesOf(row: AccountRow, network: Network | undefined): Prices | null {
  const { cost = network?.usual.cost } = row.limits ?? {};
  const listed = cost && {
    plain: microsOf(cost.plain),
    withLink: microsOf(cost.withLink),
    ...(cost.read === undefined ? {} : { read: microsOf(cost.read) }),
    currency: cost.currency,
  };
  const said = row.allowance.cost;
  return said && listed?.currency === said.currency ? { ...listed, ...said } : (said ?? listed ?? null);
}

/** What accounts keep in this store, sealed under these keys. */
export function keepIn(store: Store, keys: Keys, clock: Clock = systemClock): Kept {
  // A connection beside the pool's, to the same database.
  return { store, keys, alone: createAlone(store.pool.options, clock) };
}

/** An account as its driver sees it: its secrets are read at the moment of use and stand in no row as they are. */
export function driverAccount(row: AccountRow, secrets: Secrets, kept?: Kept): Account {
  const { id, name, server, handle, settings } = row;
  return { id, name, server, handle, settings, secret: secretOf(row, secrets, kept) };
}

function secretOf(row: AccountRow, secrets: Secrets, kept: Kept | undefined): Secret {
  const { id, name: account, settings } = row;
  const variableOf = (what: string): string | undefined => {
    const variable = settings[`${what}Env`];
    return typeof variable === "string" ? variable : undefined;
  };
  /** What the environment holds beats what is kept. */
  const find = async (what: string): Promise<string | undefined> => {
    const variable = variableOf(what);
    const given = variable === undefined ? undefined : secrets(variable);
    return given ?? (kept && findCredential(kept.store, kept.keys, row, what));
  };
  return {
    find,
    async get(what) {
      const value = await find(what);
      if (value !== undefined) return value;
      const variable = variableOf(what);
      const sentence =
        variable === undefined
          ? say`Account ${account} has no ${what}. Name a variable for it (${what}Env in newsroom.yaml), or give it with: slugline account add ${account}`
          : say`${variable} is not set; account ${account} needs it for its ${what}. Set it in .env or in the environment, and restart.`;
      throw new Fault("SECRET_MISSING", sentence, { account, ...(variable === undefined ? {} : { variable }) });
    },
    async update(what, value) {
      const variable = variableOf(what);
      if (variable !== undefined && secrets(variable) !== undefined)
        throw new Fault(
          "SECRET_FIXED",
          say`The ${what} of account ${account} stands in the environment (${variable}); a program cannot replace it there.`,
          { account, variable },
        );
      await keepCredential(opened(kept, account).store, opened(kept, account).keys, row, what, value);
    },
    alone: (work) => opened(kept, account).alone(id, work),
  };
}

function opened(kept: Kept | undefined, account: string): Kept {
  if (kept) return kept;
  throw new Fault("KEY_MISSING", say`There is no key to seal what account ${account} would keep. Set SLUGLINE_KEY.`, { account });
}
