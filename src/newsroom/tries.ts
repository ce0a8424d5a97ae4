import { visitorKey } from "../lib/client-address.ts";
import type { Db, Store } from "../store/db.ts";
import { hashOf } from "./session-token.ts";

/** What is guessed at: a password by its e-mail address, a code by its person. */
export type Guess = "password" | "code";

/**
 * Wrong ones within a quarter of an hour: about one person from one address (/64 of an IPv6 one), about anybody from one
 * address, and about one person from anywhere. For passwords the last is high, so that a stranger cannot keep their owner
 * out for long; a code is asked only of who knows the password, and has a million values.
 */
const MOST_WRONG = {
  password: { here: 10, address: 30, whole: 100 },
  code: { here: 8, address: 30, whole: 20 },
} as const;

/**
 * Counts a try before it is looked at, so that many at once are not all let through.
 *
 * @param whom whose password or code it is said to be
 * @returns undefined when there were too many; else what to call when the try was right, so that it does not count
 */
export async function countTry(
  store: Store,
  guess: Guess,
  whom: string,
  address: string,
): Promise<((db: Db) => Promise<void>) | undefined> {
  const at = visitorKey(address, undefined, []);
  const most = MOST_WRONG[guess];
  const name = whom.toLowerCase();
  const keys = [`${guess} here ${name} ${at}`, `${guess} address ${at}`, `${guess} whole ${name}`].map(hashOf);
  const counted = await store.transaction(async (db) => {
    await db.query("select pg_advisory_xact_lock(hashtext(encode($1, 'hex')))", [keys[2]]);
    await db.query("delete from slugline.sign_in_failure where at < slugline.now() - interval '1 day'");
    const { rows } = await db.query<Record<keyof typeof most, number>>(
      `select count(*) filter (where key_hash = $1)::int as here, count(*) filter (where key_hash = $2)::int as address,
              count(*) filter (where key_hash = $3)::int as whole
         from slugline.sign_in_failure where key_hash in ($1, $2, $3) and at > slugline.now() - interval '15 minutes'`,
      keys,
    );
    const [tries] = rows;
    if (!tries || tries.here >= most.here || tries.address >= most.address || tries.whole >= most.whole) return false;
    await db.query("insert into slugline.sign_in_failure (key_hash) values ($1), ($2), ($3)", keys);
    return true;
  });
  if (!counted) return undefined;
  return async (db) => {
    await db.query("delete from slugline.sign_in_failure where key_hash in ($1, $2)", [keys[0], keys[2]]);
    // Of the address only this try: the others may be guesses at somebody else.
    await db.query(
      "delete from slugline.sign_in_failure where ctid in (select ctid from slugline.sign_in_failure where key_hash = $1 order by at desc limit 1)",
      [keys[1]],
    );
  };
}
