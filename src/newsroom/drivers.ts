import { Fault } from "../lib/fault.ts";
import type { Account, Network } from "../networks/network.ts";
import type { Db } from "../store/db.ts";
import type { Drivers } from "./driver.ts";
import { accountById, type AccountRow } from "./store.ts";

type Secrets = (envName: string) => string | undefined;

/** Finds the driver of an account, and what that driver is told of it. */
export function createDrivers({
  store,
  networks,
  secrets,
}: {
  store: Db;
  networks: ReadonlyMap<string, Network>;
  secrets: Secrets;
}): Drivers {
  return async (accountId) => {
    const row = await accountById(store, accountId);
    const rehearsal = row !== undefined && (row.rehearsal || row.rehearsal_why !== null);
    const network = row && networks.get(rehearsal ? "rehearsal" : row.network);
    if (!row || !network) return undefined;
    return { network, account: driverAccount(row, secrets), onUnknown: row.on_unknown, rehearsal };
  };
}

/** An account as its driver sees it: its secrets are read at the moment of use and stand in no row. */
export function driverAccount(row: AccountRow, secrets: Secrets): Account {
  const { id, name, server, handle, settings } = row;
  return {
    id,
    name,
    server,
    handle,
    settings,
    secret: {
      async get(what) {
        const variable = settings[`${what}Env`];
        if (typeof variable !== "string") {
          throw new Fault(
            "SECRET_MISSING",
            `Account ${name} names no variable for its ${what}. Set ${what}Env in newsroom.yaml.`,
            { account: name },
          );
        }
        const value = secrets(variable);
        if (value === undefined)
          throw new Fault("SECRET_MISSING", `${variable} is not set; account ${name} needs it for its ${what}.`, {
            account: name,
            variable,
          });
        return value;
      },
      update() {
        throw new Fault(
          "SECRET_FIXED",
          `The secrets of account ${name} come from the environment; they cannot be replaced by a program.`,
          { account: name },
        );
      },
    },
  };
}
