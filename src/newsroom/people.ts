import { createHash, randomBytes } from "node:crypto";
import { visitorKey } from "../lib/client-address.ts";
import { newId } from "../lib/id.ts";
import { cleanText } from "../lib/text/clean.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { isEmail, passwordProblem, type PasswordProblem, type Role } from "./person.ts";

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly lang: string;
  /** Whether single keys act on the queue (WCAG 2.1.4: they can be turned off). */
  readonly shortcuts: boolean;
}

/** A session of the browser's: its token is told once and only its hash is kept. */
export interface SignedIn {
  readonly ok: true;
  readonly token: string;
  readonly expiresAt: Date;
}

const IDLE_DAYS = 7;
const SESSION_DAYS = 30;
const LINK_HOURS = 24;
/**
 * Wrong passwords within a quarter of an hour: for an account from one address (/64 of an IPv6 one), for all accounts from
 * one address, and for an account from anywhere; the last is high, so that a stranger cannot keep its owner out for long.
 */
const MOST_WRONG = { here: 10, address: 30, account: 100 } as const;

/** Makes a person; they choose their password by the sign-in link. Undefined when the e-mail is taken. */
export async function createPerson(
  db: Db,
  it: { readonly email: string; readonly name: string; readonly role: Role },
): Promise<{ id: string } | undefined> {
  const { rows } = await db.query<{ id: string }>(
    `insert into slugline.person (id, email, name, role) values ($1, $2, $3, $4) on conflict (lower(email)) do nothing returning id`,
    [newId(), it.email, cleanText(it.name), it.role],
  );
  if (rows[0]) await tell(db, { kind: "person-added", person: rows[0].id, data: { name: it.name, role: it.role } });
  return rows[0];
}

/** The person with this address, unless disabled. */
export async function personByEmail(db: Db, email: string): Promise<{ id: string } | undefined> {
  const { rows } = await db.query<{ id: string }>(
    "select id from slugline.person where lower(email) = lower($1) and disabled_at is null",
    [email],
  );
  return rows[0];
}

/**
 * A single-use link's token, good for a day. Opening the link shows a button; the POST consumes it.
 *
 * @param personId null: whoever opens it becomes the first admin, as long as there is nobody
 */
export async function createSignInLink(db: Db, personId: string | null): Promise<string> {
  const token = newToken();
  await db.query(
    "insert into slugline.sign_in_link (token_hash, person_id, expires_at) values ($1, $2, slugline.now() + make_interval(hours => $3))",
    [hashOf(token), personId, LINK_HOURS],
  );
  return token;
}

export type LinkProblem = PasswordProblem | "link-used" | "email" | "name" | "email-taken";

/** Consumes a sign-in link: the first admin is made, or the person it is for gets the password they chose. Signed in after. */
export async function consumeSignInLink(
  store: Store,
  token: string,
  given: { readonly email: string; readonly name: string; readonly password: string },
): Promise<SignedIn | { readonly ok: false; readonly code: LinkProblem }> {
  const link = await openLink(store, token);
  if (!link) return { ok: false, code: "link-used" };
  const about = link.person ?? { email: given.email, name: cleanText(given.name) };
  if (!isEmail(about.email)) return { ok: false, code: "email" };
  if (about.name === "") return { ok: false, code: "name" };
  const problem = passwordProblem(given.password, about);
  if (problem) return { ok: false, code: problem };
  const hash = await hashPassword(given.password);
  return store.transaction(async (db) => {
    const { rowCount } = await db.query(
      "update slugline.sign_in_link set used_at = slugline.now() where token_hash = $1 and used_at is null and expires_at > slugline.now()",
      [hashOf(token)],
    );
    if (rowCount !== 1) return { ok: false, code: "link-used" };
    let id = link.personId;
    if (id === null) {
      // One first admin, also when two links are opened at once.
      await db.query("lock table slugline.person in share row exclusive mode");
      const { rows } = await db.query("select from slugline.person limit 1");
      if (rows.length > 0) return { ok: false, code: "link-used" };
      id = (await createPerson(db, { ...about, role: "admin" }))?.id ?? null;
      if (id === null) return { ok: false, code: "email-taken" };
    }
    await db.query("update slugline.person set password_hash = $2 where id = $1", [id, hash]);
    await db.query("delete from slugline.session where person_id = $1", [id]);
    return openSession(db, id);
  });
}

/** Whom a sign-in link is for; undefined when it was used, ran out or never was. */
export async function openLink(
  db: Db,
  token: string,
): Promise<{ personId: string | null; person: { email: string; name: string } | null } | undefined> {
  const { rows } = await db.query<{ person_id: string | null; email: string | null; name: string | null }>(
    `select l.person_id, p.email, p.name from slugline.sign_in_link l left join slugline.person p on p.id = l.person_id
      where l.token_hash = $1 and l.used_at is null and l.expires_at > slugline.now() and p.disabled_at is null
        and (l.person_id is not null or not exists (select from slugline.person))`,
    [hashOf(token)],
  );
  const found = rows[0];
  if (!found) return undefined;
  return { personId: found.person_id, person: found.email === null ? null : { email: found.email, name: found.name ?? "" } };
}

/**
 * Signs a person in. Who is at one /64 of IPv6 counts as one. Wrong for a person who does not exist takes as long and says the same; too many wrong ones from an
 * address, or for an account, ask to wait (a quarter of an hour at most), which nobody can make last for ever.
 */
export async function signIn(
  store: Store,
  given: { readonly email: string; readonly password: string; readonly address: string },
): Promise<SignedIn | { readonly ok: false; readonly code: "wrong" | "slow-down" }> {
  const account = given.email.toLowerCase();
  const at = visitorKey(given.address, undefined, []);
  const keys = {
    here: hashOf(`here ${account} ${at}`),
    address: hashOf(`address ${at}`),
    account: hashOf(`account ${account}`),
  };
  if (!(await store.transaction((db) => countTry(db, keys)))) return { ok: false, code: "slow-down" };
  const { rows } = await store.query<{ id: string; password_hash: string | null }>(
    "select id, password_hash from slugline.person where lower(email) = lower($1) and disabled_at is null",
    [given.email],
  );
  const person = rows[0];
  if (!(await verifyPassword(given.password, person?.password_hash ?? null)) || !person) return { ok: false, code: "wrong" };
  await store.query("delete from slugline.sign_in_failure where key_hash in ($1, $2)", [keys.here, keys.account]);
  return store.transaction((db) => openSession(db, person.id));
}

/** Counts a try before its password is looked at, so that many at once are not all let through; false: too many. */
async function countTry(db: Db, keys: Readonly<Record<keyof typeof MOST_WRONG, Buffer>>): Promise<boolean> {
  await db.query("select pg_advisory_xact_lock(hashtext(encode($1, 'hex')))", [keys.account]);
  await db.query("delete from slugline.sign_in_failure where at < slugline.now() - interval '1 day'");
  const { rows } = await db.query<Record<keyof typeof MOST_WRONG, number>>(
    `select count(*) filter (where key_hash = $1)::int as here, count(*) filter (where key_hash = $2)::int as address,
            count(*) filter (where key_hash = $3)::int as account
       from slugline.sign_in_failure where key_hash in ($1, $2, $3) and at > slugline.now() - interval '15 minutes'`,
    [keys.here, keys.address, keys.account],
  );
  const [tries] = rows;
  if (!tries || tries.here >= MOST_WRONG.here || tries.address >= MOST_WRONG.address || tries.account >= MOST_WRONG.account)
    return false;
  await db.query("insert into slugline.sign_in_failure (key_hash) values ($1), ($2), ($3)", [
    keys.here,
    keys.address,
    keys.account,
  ]);
  return true;
}

/** Whose session a browser's token is; undefined when it ended, was idle for a week, or the person is disabled. */
export async function sessionOf(db: Db, token: string): Promise<Person | undefined> {
  const { rows } = await db.query<Person & { stale: boolean }>(
    `select p.id, p.name, p.email, p.role, p.lang, p.shortcuts, s.seen_at < slugline.now() - interval '5 minutes' as stale
       from slugline.session s join slugline.person p on p.id = s.person_id
      where s.token_hash = $1 and s.expires_at > slugline.now() and s.seen_at > slugline.now() - make_interval(days => $2) and p.disabled_at is null`,
    [hashOf(token), IDLE_DAYS],
  );
  const found = rows[0];
  if (!found) return undefined;
  if (found.stale) await db.query("update slugline.session set seen_at = slugline.now() where token_hash = $1", [hashOf(token)]);
  const { id, name, email, role, lang, shortcuts } = found;
  return { id, name, email, role, lang, shortcuts };
}

/** Ends a session on the server; the browser's copy is worth nothing after. */
export async function signOut(db: Db, token: string): Promise<void> {
  await db.query("delete from slugline.session where token_hash = $1", [hashOf(token)]);
}

async function openSession(db: Db, personId: string): Promise<SignedIn> {
  const token = newToken();
  const { rows } = await db.query<{ expires_at: Date }>(
    `insert into slugline.session (token_hash, person_id, expires_at) values ($1, $2, slugline.now() + make_interval(days => $3)) returning expires_at`,
    [hashOf(token), personId, SESSION_DAYS],
  );
  await db.query("delete from slugline.session where expires_at < slugline.now()");
  await tell(db, { kind: "person-signed-in", person: personId });
  return { ok: true, token, expiresAt: rows[0]!.expires_at };
}

function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** SHA-256 is enough for what is random and 256 bits long. */
function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Whether single keys act on the queue for this person. */
export async function setShortcuts(db: Db, personId: string, on: boolean): Promise<void> {
  await db.query("update slugline.person set shortcuts = $2 where id = $1", [personId, on]);
}
