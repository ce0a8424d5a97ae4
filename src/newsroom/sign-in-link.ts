import { cleanText } from "../lib/text/clean.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { hashPassword, passwordProblem, type PasswordProblem } from "./password.ts";
import { createPerson } from "./people.ts";
import { isEmail } from "./person.ts";
import { endSessions, type SignedIn } from "./session.ts";
import { hashOf, newToken } from "./session-token.ts";
import { enter, type HalfSignedIn } from "./sign-in.ts";

const LINK_HOURS = 24;

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

/** A new sign-in link in place of a lost password; older ones are void. The sessions end when it is used, the second factor stays. */
export async function resetPerson(store: Store, personId: string, by: string): Promise<string | undefined> {
  return store.transaction(async (db) => {
    const { rows } = await db.query<{ name: string }>(
      "select name from slugline.person where id = $1 and disabled_at is null for share",
      [personId],
    );
    if (!rows[0]) return undefined;
    await db.query("delete from slugline.sign_in_link where person_id = $1", [personId]);
    await tell(db, { kind: "person-reset", person: by, data: { whom: rows[0].name } });
    return createSignInLink(db, personId);
  });
}

export type LinkProblem = PasswordProblem | "link-used" | "email" | "name" | "email-taken";

/** Who somebody says they are, and the password they choose. */
export interface Newcomer {
  readonly email: string;
  readonly name: string;
  readonly password: string;
  /** What tells their sessions apart. */
  readonly label?: string;
}

/**
 * Consumes a sign-in link: the first admin is made, or the person it is for gets the password they chose. Signed in after;
 * half, where a code is asked of them: a new password does not stand in for the second factor.
 */
export async function consumeSignInLink(
  store: Store,
  token: string,
  given: Newcomer,
): Promise<SignedIn | HalfSignedIn | { readonly ok: false; readonly code: LinkProblem }> {
  const link = await openLink(store, token);
  if (!link) return { ok: false, code: "link-used" };
  const about = link.person ?? { email: given.email, name: cleanText(given.name) };
  const problem = newcomerProblem(about, given.password);
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
    await endSessions(db, id);
    return enter(db, id, given.label ?? "");
  });
}

/** What keeps somebody from being taken in as they say; null when nothing does. */
export function newcomerProblem(about: { readonly email: string; readonly name: string }, password: string): LinkProblem | null {
  if (!isEmail(about.email)) return "email";
  if (about.name === "") return "name";
  return passwordProblem(password, about);
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
