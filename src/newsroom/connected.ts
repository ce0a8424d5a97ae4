import type { Network } from "../networks/network.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { sameHandle, type By, type CameProblem, type NewAccount, type No } from "./connect.ts";
import { accountThere, dropAttempt, givenAttempt, secretsOf, type AttemptRow } from "./connect-store.ts";
import { forgetCredentials, keepCredential } from "./credential.ts";
import { writeAccount } from "./credential-account.ts";
import type { Keys } from "./seal.ts";
import { accountById } from "./store.ts";

export interface ConnectedDeps {
  readonly networks: ReadonlyMap<string, Network>;
  readonly secrets: (envName: string) => string | undefined;
  readonly keys: Keys;
  readonly shortUrl: string;
}

export type Confirmed = { readonly ok: true; readonly account: string } | No<CameProblem>;

/** Writes what a person confirmed: the account with its access, or an account's new access. Its attempt is then gone. */
export async function writeConnected(db: Db, deps: ConnectedDeps, id: string, by: By): Promise<Confirmed> {
  const row = await givenAttempt(db, id, by, "for update");
  if (!row) return { ok: false, code: "expired" };
  const wrong = await wrongAccount(db, row, { id: row.remote_id ?? "", handle: row.remote_handle });
  if (wrong) return { ok: false, ...wrong };
  const { account } = row.spec;
  if (account && (await nameTaken(db, account.name))) return { ok: false, code: "name-taken" };
  const secrets = secretsOf(row, deps.keys);
  const accountId = account ? await added(db, deps, row, account, secrets) : row.account_id;
  if (accountId === null || (await isDisabled(db, accountId))) return { ok: false, code: "disabled" };
  if (!account) await renewedBy(db, deps, accountId, secrets);
  const { name } = (await accountById(db, accountId))!;
  await works(db, accountId, row);
  await dropAttempt(db, id);
  await tell(db, { kind: "account-connected", account: accountId, person: by.person, data: { handle: row.remote_handle } });
  return { ok: true, account: name };
}

export async function nameTaken(db: Db, name: string): Promise<boolean> {
  return (await db.query("select from slugline.account where lower(name) = lower($1)", [name])).rows.length > 0;
}

export async function isDisabled(db: Db, id: string): Promise<boolean> {
  return (await db.query("select from slugline.account where id = $1 and state = 'disabled'", [id])).rows.length > 0;
}

/** Another than the one that is connected anew, or one that another account of ours is already. */
export async function wrongAccount(
  db: Db,
  row: AttemptRow,
  there: { readonly id: string; readonly handle: string | null },
): Promise<{ code: "other-account" | "there-already"; why: string } | undefined> {
  if (row.account_id !== null) {
    const { rows } = await db.query<{ remote_id: string | null; handle: string | null }>(
      "select remote_id, handle from slugline.account where id = $1",
      [row.account_id],
    );
    const known = rows[0];
    const byHandle = known?.remote_id === null && known.handle !== null && there.handle !== null;
    const other = byHandle ? !sameHandle(known.handle!, there.handle!) : (known?.remote_id ?? there.id) !== there.id;
    if (other) return { code: "other-account", why: there.handle ?? there.id };
  }
  const { network, account_id: but } = row;
  const twin = await accountThere(db, { network, server: row.spec.server, remoteId: there.id, but });
  return twin === undefined ? undefined : { code: "there-already", why: twin };
}

async function added(
  db: Db,
  { keys, shortUrl, networks }: ConnectedDeps,
  row: AttemptRow,
  account: NewAccount,
  secrets: ReadonlyMap<string, string>,
): Promise<string> {
  const { name, network, server, lang, mode, authorize, takesAll } = account;
  const usual = networks.get(network)?.signIn?.authorize ?? server;
  const settings: Record<string, string> = authorize === null || authorize === usual ? {} : { authorize };
  const spec = {
    name,
    network,
    server,
    handle: row.remote_handle,
    lang,
    voice: "plain",
    mode,
    rehearsal: false,
    spacingS: 0,
    onUnknown: "ask",
    settings,
    allowance: {},
  };
  return (await writeAccount(db, spec, secrets, { keys, shortUrl, takes: takesAll ? [] : null })).id;
}

/** What it kept before is forgotten, a session of another kind too; what the environment holds stays there. */
async function renewedBy(db: Db, deps: ConnectedDeps, accountId: string, secrets: ReadonlyMap<string, string>): Promise<void> {
  const row = (await accountById(db, accountId))!;
  await forgetCredentials(db, accountId);
  for (const [name, value] of secrets) {
    const variable = row.settings[`${name}Env`];
    if (typeof variable === "string" && deps.secrets(variable) !== undefined) continue;
    await keepCredential(db, deps.keys, row, name, value);
  }
}

/** The account works from here on; deliveries that waited for it go out. */
async function works(db: Db, accountId: string, row: AttemptRow): Promise<void> {
  await db.query(
    `update slugline.account set remote_id = $2, remote_handle = $3, token_ends_at = $4, token_renews = $5, refresh_ends_at = $6,
            renew_at = case when $5 then $4::timestamptz - interval '15 minutes' end, renew_error = null, connected_at = slugline.now(),
            verified_at = null, updated_at = slugline.now(),
            state = 'active', state_why = null, state_at = case when state = 'active' then state_at else slugline.now() end
      where id = $1`,
    [accountId, row.remote_id, row.remote_handle, row.token_ends_at, row.token_renews, row.refresh_ends_at],
  );
}
