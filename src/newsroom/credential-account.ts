import { Fault } from "../lib/fault.ts";
import { newId } from "../lib/id.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { accountValues, ALLOWED_ANEW, rehearsalWhy, type AccountSpec } from "./apply.ts";
import { forgetCredentials, keepCredential } from "./credential.ts";
import type { Rule } from "./rules.ts";
import type { Keys } from "./seal.ts";

export interface ListedAccount {
  readonly id: string;
  readonly name: string;
  readonly network: string;
  readonly origin: "file" | "editor";
  readonly state: "active" | "locked-out" | "disabled";
  /** Declared so, or held there (`rehearsal_why`). */
  readonly rehearsal: boolean;
}

/** All accounts, by name. */
export async function listedAccounts(db: Db): Promise<ListedAccount[]> {
  const { rows } = await db.query<ListedAccount>(
    `select id, name, network, origin, state, rehearsing as rehearsal from slugline.account order by name`,
  );
  return rows;
}

/** @throws Fault ACCOUNT_IN_FILE for an account that is newsroom.yaml's to change */
export async function refuseFileAccount(db: Db, name: string): Promise<void> {
  const { rows } = await db.query<{ state: string }>(
    "select state from slugline.account where name = $1 and origin = 'file' for update",
    [name],
  );
  if (!rows[0]) return;
  const sentence =
    rows[0].state === "disabled"
      ? `Account ${name} was newsroom.yaml's and is disabled. Put it back there, or choose another name.`
      : `Account ${name} stands in newsroom.yaml. Change it there, and its secrets in the environment.`;
  throw new Fault("ACCOUNT_IN_FILE", sentence, { account: name });
}

/**
 * Writes an account and its sealed secrets in one transaction; one that was added before is given anew, with all it keeps.
 *
 * @param takes sources whose stories it is given; empty for all; null leaves that to the rules there are
 */
export async function putAccount(
  store: Store,
  account: AccountSpec,
  secrets: ReadonlyMap<string, string>,
  how: Writing,
): Promise<{ readonly id: string; readonly rehearsalWhy: string | null }> {
  return store.transaction((db) => writeAccount(db, account, secrets, how));
}

interface Writing {
  readonly keys: Keys;
  readonly shortUrl: string;
  readonly takes: readonly string[] | null;
}

/** The same in a transaction of the caller's. */
export async function writeAccount(
  db: Db,
  account: AccountSpec,
  secrets: ReadonlyMap<string, string>,
  { keys, shortUrl, takes }: Writing,
): Promise<{ readonly id: string; readonly rehearsalWhy: string | null }> {
  const why = rehearsalWhy(account, shortUrl);
  await refuseFileAccount(db, account.name);
  const { rows } = await db.query<{ id: string; fresh: boolean }>(
    `insert into slugline.account as a
       (id, name, network, server, handle, lang, voice, mode, rehearsal, rehearsal_why, spacing_s, on_unknown, settings, allowance, origin)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'editor')
     on conflict (name) do update set network = excluded.network, server = excluded.server, handle = excluded.handle, lang = excluded.lang,
       voice = excluded.voice, mode = excluded.mode, rehearsal = excluded.rehearsal, rehearsal_why = excluded.rehearsal_why,
       spacing_s = excluded.spacing_s, on_unknown = excluded.on_unknown, settings = excluded.settings, allowance = excluded.allowance,
       ${ALLOWED_ANEW}, updated_at = slugline.now(),
       state = 'active', state_why = null, state_at = slugline.now(), verified_at = null,
       limits = case when (a.network, a.server) = (excluded.network, excluded.server) then a.limits end
     where a.origin = 'editor'
     returning id, xmax = 0 as fresh`,
    accountValues(account, why),
  );
  const { id, fresh } = rows[0]!;
  await forgetCredentials(db, id);
  for (const [name, value] of secrets) await keepCredential(db, keys, { ...account, id }, name, value);
  if (takes) await giveRule(db, account.name, takes);
  await tell(db, { kind: fresh ? "account-added" : "account-changed", account: id, data: { name: account.name } });
  return { id, rehearsalWhy: why };
}

/** One rule of the account's own, in place of the one before. */
async function giveRule(db: Db, account: string, sources: readonly string[]): Promise<void> {
  const spec: Rule = {
    when: { source: sources, lang: [], tags: [] },
    accounts: [account],
    mode: null,
    priority: "normal",
    staleAfterS: null,
  };
  await db.query("delete from slugline.rule where origin = 'editor' and spec -> 'accounts' = $1", [JSON.stringify([account])]);
  await db.query(
    "insert into slugline.rule (id, position, spec, origin) select $1, coalesce(max(position) + 1, 0), $2, 'editor' from slugline.rule where origin = 'editor'",
    [newId(), JSON.stringify(spec)],
  );
  await tell(db, { kind: "rules-changed", data: { rules: 1 } });
}
