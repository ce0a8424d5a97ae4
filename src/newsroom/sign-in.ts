import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { hashPassword, passwordProblem, verifyPassword, type PasswordProblem } from "./password.ts";
import type { Keys } from "./seal.ts";
import { endSessions, openSession, type SignedIn } from "./session.ts";
import { hashOf, newToken } from "./session-token.ts";
import { takeCode } from "./totp.ts";
import { countTry } from "./tries.ts";

/** The password was right and a code is still to come: the token opens the asking for it and nothing else. */
export interface HalfSignedIn {
  readonly ok: false;
  readonly code: "code-needed";
  readonly token: string;
  readonly expiresAt: Date;
}

/** Where somebody comes from: the address counts wrong tries, the label tells them their sessions apart. */
export interface From {
  readonly address: string;
  readonly label: string;
}

const HALF_MINUTES = 5;
/** Wrong codes after which the password is asked again. */
const HALF_TRIES = 5;

/**
 * Signs a person in, or half in where a code is asked of them. Wrong for a person who does not exist takes as long and says
 * the same; too many wrong ones from an address, or for an account, ask to wait (a quarter of an hour at most), which nobody
 * can make last for ever.
 */
export async function signIn(
  store: Store,
  given: { readonly email: string; readonly password: string } & From,
): Promise<SignedIn | HalfSignedIn | { readonly ok: false; readonly code: "wrong" | "slow-down" }> {
  const right = await countTry(store, "password", given.email, given.address);
  if (!right) return { ok: false, code: "slow-down" };
  const { rows } = await store.query<{ id: string; password_hash: string | null }>(
    "select id, password_hash from slugline.person where lower(email) = lower($1) and disabled_at is null",
    [given.email],
  );
  const person = rows[0];
  if (!(await verifyPassword(given.password, person?.password_hash ?? null)) || !person) return { ok: false, code: "wrong" };
  return store.transaction(async (db) => {
    await right(db);
    return enter(db, person.id, given.label);
  });
}

/** Whoever proved the first factor: in, or asked for the second. Every way in ends here, so none is weaker than another. */
export async function enter(db: Db, personId: string, label: string): Promise<SignedIn | HalfSignedIn> {
  const { rows } = await db.query<{ totp: boolean }>(
    "select totp_at is not null as totp from slugline.person where id = $1 and disabled_at is null",
    [personId],
  );
  if (!rows[0]) throw new Error("A person who is not there, or is disabled, cannot come in.");
  if (!rows[0].totp) return openSession(db, personId, label);
  const token = newToken();
  await db.query("delete from slugline.half_session where expires_at < slugline.now()");
  const half = await db.query<{ expires_at: Date }>(
    `insert into slugline.half_session (token_hash, person_id, expires_at)
     values ($1, $2, slugline.now() + make_interval(mins => $3)) returning expires_at`,
    [hashOf(token), personId, HALF_MINUTES],
  );
  return { ok: false, code: "code-needed", token, expiresAt: half.rows[0]!.expires_at };
}

/** The second step. `over`: it took too long or too many tries, and begins with the password again. */
export async function giveCode(
  store: Store,
  keys: Keys,
  given: { readonly token: string; readonly code: string } & From,
): Promise<SignedIn | { readonly ok: false; readonly code: "wrong" | "slow-down" | "over" }> {
  const { rows } = await store.query<{ person_id: string }>(
    `update slugline.half_session h set tries = tries + 1 from slugline.person p
      where h.token_hash = $1 and h.expires_at > slugline.now() and h.tries < $2 and p.id = h.person_id and p.disabled_at is null
      returning h.person_id`,
    [hashOf(given.token), HALF_TRIES],
  );
  const half = rows[0];
  if (!half) return { ok: false, code: "over" };
  const right = await countTry(store, "code", half.person_id, given.address);
  if (!right) return { ok: false, code: "slow-down" };
  if (!(await takeCode(store, keys, half.person_id, given.code))) return { ok: false, code: "wrong" };
  return store.transaction(async (db) => {
    const { rowCount } = await db.query("delete from slugline.half_session where token_hash = $1", [hashOf(given.token)]);
    if (rowCount !== 1) return { ok: false, code: "over" };
    await right(db);
    return openSession(db, half.person_id, given.label);
  });
}

/** Whether a browser is asked for a code. */
export async function isHalfSignedIn(db: Db, token: string): Promise<boolean> {
  const { rows } = await db.query("select from slugline.half_session where token_hash = $1 and expires_at > slugline.now()", [
    hashOf(token),
  ]);
  return rows.length === 1;
}

export type Proof = { readonly password: string; readonly code: string; readonly address: string };
export type Proved = "right" | "wrong" | "slow-down";

/** Whether it is really them: asked again before anything that could keep them out is changed. */
export async function prove(store: Store, keys: Keys, personId: string, proof: Proof): Promise<Proved> {
  const { rows } = await store.query<{ email: string; password_hash: string | null; totp: boolean }>(
    "select email, password_hash, totp_at is not null as totp from slugline.person where id = $1 and disabled_at is null",
    [personId],
  );
  const person = rows[0];
  if (!person) return "wrong";
  const right = await countTry(store, "password", person.email, proof.address);
  if (!right) return "slow-down";
  if (!(await verifyPassword(proof.password, person.password_hash))) return "wrong";
  await right(store);
  if (!person.totp) return "right";
  const rightCode = await countTry(store, "code", personId, proof.address);
  if (!rightCode) return "slow-down";
  if (!(await takeCode(store, keys, personId, proof.code))) return "wrong";
  await rightCode(store);
  return "right";
}

/** A new password; every other session of the person ends. @param but the session that stays */
export async function changePassword(
  store: Store,
  person: { readonly id: string; readonly email: string; readonly name: string; readonly session: string },
  password: string,
): Promise<PasswordProblem | null> {
  const problem = passwordProblem(password, person);
  if (problem) return problem;
  const hash = await hashPassword(password);
  await store.transaction(async (db) => {
    await db.query("update slugline.person set password_hash = $2 where id = $1", [person.id, hash]);
    await endSessions(db, person.id, person.session);
    await tell(db, { kind: "person-password", person: person.id });
  });
  return null;
}
