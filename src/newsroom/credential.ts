import { Fault } from "../lib/fault.ts";
import type { Db } from "../store/db.ts";
import { seal, unseal, type Keys, type Place } from "./seal.ts";

/** Whose secret it is, and where it may be told: what was given for one server is never told to another. */
export interface Owner {
  readonly id: string;
  readonly network: string;
  readonly server: string;
  readonly handle: string | null;
}

/** The secret an account keeps under a name; undefined when there is none, or it was given for another server or handle. */
export async function findCredential(db: Db, keys: Keys, owner: Owner, name: string): Promise<string | undefined> {
  const { rows } = await db.query<{ sealed: Buffer }>(
    "select sealed from slugline.credential where account_id = $1 and name = $2 and pinned = $3",
    [owner.id, name, pinOf(owner)],
  );
  return rows[0] && unseal(rows[0].sealed, placeOf(owner, name), keys());
}

/** Keeps a secret, sealed under the newest key, in place of the one before. */
export async function keepCredential(db: Db, keys: Keys, owner: Owner, name: string, value: string): Promise<void> {
  const [newest] = keys();
  if (!newest) throw new Fault("KEY_MISSING", "There is no key to seal under. Set SLUGLINE_KEY.");
  await db.query(
    `insert into slugline.credential (account_id, name, sealed, pinned) values ($1, $2, $3, $4)
     on conflict (account_id, name) do update
       set sealed = excluded.sealed, pinned = excluded.pinned, updated_at = slugline.now()`,
    [owner.id, name, seal(value, placeOf(owner, name), newest), pinOf(owner)],
  );
}

/** All that an account keeps is forgotten. */
export async function forgetCredentials(db: Db, accountId: string): Promise<void> {
  await db.query("delete from slugline.credential where account_id = $1", [accountId]);
}

/** As `SEALED` of seal-rotate.ts has it in SQL. */
function placeOf(owner: Owner, name: string): Place {
  return { table: "slugline.credential", row: `${owner.id} ${name} ${pinOf(owner)}`, column: "sealed" };
}

function pinOf({ network, server, handle }: Owner): string {
  return [network, server, handle ?? ""].join(" ");
}
