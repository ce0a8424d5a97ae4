import { newId } from "../lib/id.ts";
import { cleanText } from "../lib/text/clean.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { isEmail, type Rights, type Role } from "./person.ts";
import { endSessions } from "./session.ts";

/** Who is at a browser, and what they may do. */
export interface Person extends Rights {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly lang: string;
  /** Whether single keys act on the queue (WCAG 2.1.4: they can be turned off). */
  readonly shortcuts: boolean;
  /** Whether a code is asked of them at sign-in. */
  readonly totp: boolean;
  /** An account is out of rehearsal and they have no second factor: they decide and manage nothing until they have. */
  readonly needsTotp: boolean;
  /** The session they are here by. */
  readonly session: string;
}

/** Makes a person; they choose their password by the sign-in link. Undefined when the e-mail is taken. */
export async function createPerson(
  db: Db,
  it: { readonly email: string; readonly name: string; readonly role: Role | "none" },
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

/** A person as admins see them. */
export interface PersonLine extends Rights {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly totp: boolean;
  /** Has chosen a password. */
  readonly arrived: boolean;
  readonly disabled_at: Date | null;
  readonly seen_at: Date | null;
}

const LINE = `select p.id, p.name, p.email, p.role, p.totp_at is not null as totp, p.password_hash is not null as arrived, p.disabled_at,
       coalesce((select jsonb_object_agg(account_id, role) from slugline.person_account where person_id = p.id), '{}') as accounts,
       (select max(seen_at) from slugline.session where person_id = p.id) as seen_at
  from slugline.person p`;

export async function people(db: Db): Promise<PersonLine[]> {
  const { rows } = await db.query<PersonLine>(`${LINE} order by p.disabled_at is not null, p.name, p.id limit 1000`);
  return rows;
}

export async function personById(db: Db, id: string): Promise<PersonLine | undefined> {
  const { rows } = await db.query<PersonLine>(`${LINE} where p.id = $1`, [id]);
  return rows[0];
}

/** - last-admin: a newsroom without an admin could never have one again; - gone: no such person */
export type Changed = "done" | "last-admin" | "gone";

/** Gives a person their role, and roles of its own on single accounts. In force with their next request. */
export async function changeRights(store: Store, personId: string, rights: Rights, by: string): Promise<Changed> {
  return store.transaction(async (db) => {
    const name = await changeable(db, personId, rights.role !== "admin");
    if (name === "gone" || name === "last-admin") return name;
    await db.query("update slugline.person set role = $2 where id = $1", [personId, rights.role]);
    await giveAccounts(db, personId, rights.accounts);
    await tell(db, { kind: "person-rights", person: by, data: { whom: name.is, role: rights.role } });
    return "done";
  });
}

/** Replaces a person's roles on single accounts; accounts that are not there are left out. */
export async function giveAccounts(db: Db, personId: string, accounts: Rights["accounts"]): Promise<void> {
  await db.query("delete from slugline.person_account where person_id = $1", [personId]);
  await db.query(
    `insert into slugline.person_account (person_id, account_id, role)
     select $1, a.id, g.value from jsonb_each_text($2) g join slugline.account a on a.id::text = g.key`,
    [personId, JSON.stringify(accounts)],
  );
}

/** Nothing of theirs opens any more, from the next request on; what they did stays in the history. */
export async function disablePerson(store: Store, personId: string, by: string): Promise<Changed> {
  return store.transaction(async (db) => {
    const name = await changeable(db, personId, true);
    if (name === "gone" || name === "last-admin") return name;
    await db.query("update slugline.person set disabled_at = slugline.now() where id = $1 and disabled_at is null", [personId]);
    await db.query("delete from slugline.sign_in_link where person_id = $1", [personId]);
    await endSessions(db, personId);
    await tell(db, { kind: "person-disabled", person: by, data: { whom: name.is } });
    return "done";
  });
}

export async function enablePerson(store: Store, personId: string, by: string): Promise<Changed> {
  return store.transaction(async (db) => {
    const { rows } = await db.query<{ name: string }>(
      "update slugline.person set disabled_at = null where id = $1 and disabled_at is not null returning name",
      [personId],
    );
    if (!rows[0]) return "gone";
    await tell(db, { kind: "person-enabled", person: by, data: { whom: rows[0].name } });
    return "done";
  });
}

/** Whether single keys act on the queue for this person. */
export async function setShortcuts(db: Db, personId: string, on: boolean): Promise<void> {
  await db.query("update slugline.person set shortcuts = $2 where id = $1", [personId, on]);
}

/** The language in which the editor speaks to this person (BCP 47). */
export async function setLang(db: Db, personId: string, lang: string): Promise<void> {
  await db.query("update slugline.person set lang = $2 where id = $1", [personId, lang]);
}

/** The address a person signs in with. */
export async function changeEmail(store: Store, personId: string, email: string): Promise<"done" | "email" | "email-taken"> {
  if (!isEmail(email)) return "email";
  return store.transaction(async (db) => {
    await db.query("lock table slugline.person in share row exclusive mode");
    const { rowCount } = await db.query(
      "update slugline.person set email = $2 where id = $1 and not exists (select from slugline.person where lower(email) = lower($2) and id <> $1)",
      [personId, email],
    );
    if (rowCount !== 1) return "email-taken";
    await db.query("delete from slugline.sign_in_link where person_id = $1", [personId]);
    await tell(db, { kind: "person-email", person: personId });
    return "done";
  });
}

/** Locks the people, so that two admins cannot take each other's role at once. @param loses stops being an admin who can come in */
async function changeable(db: Db, personId: string, loses: boolean): Promise<{ is: string } | "gone" | "last-admin"> {
  await db.query("lock table slugline.person in share row exclusive mode");
  const { rows } = await db.query<{ name: string; last: boolean }>(
    `select p.name, p.role = 'admin' and p.disabled_at is null and not exists (select from slugline.person o
            where o.id <> p.id and o.role = 'admin' and o.disabled_at is null and o.password_hash is not null) as last
       from slugline.person p where p.id = $1`,
    [personId],
  );
  if (!rows[0]) return "gone";
  return loses && rows[0].last ? "last-admin" : { is: rows[0].name };
}
