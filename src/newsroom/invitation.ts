import { newId } from "../lib/id.ts";
import { cleanText } from "../lib/text/clean.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { hashPassword } from "./password.ts";
import { createPerson, giveAccounts } from "./people.ts";
import { isEmail, type Rights, type Role } from "./person.ts";
import type { SignedIn } from "./session.ts";
import { hashOf, newToken } from "./session-token.ts";
import { enter, type HalfSignedIn } from "./sign-in.ts";
import { newcomerProblem, type LinkProblem, type Newcomer } from "./sign-in-link.ts";

const INVITATION_DAYS = 7;

/** Who may come, as what; its link is told once, when it is made. */
export interface InvitationLine extends Rights {
  readonly id: string;
  readonly email: string;
  readonly invited_by: string;
  readonly created_at: Date;
  readonly expires_at: Date;
}

/**
 * Invites somebody: a single-use link, good for a week, which whoever invites sends on. An older one to the same address is void.
 *
 * @returns the link's token
 */
export async function invite(
  store: Store,
  it: Rights & { readonly email: string; readonly by: string },
): Promise<{ readonly ok: true; readonly token: string } | { readonly ok: false; readonly code: "email" | "email-taken" }> {
  if (!isEmail(it.email)) return { ok: false, code: "email" };
  const token = newToken();
  return store.transaction(async (db) => {
    const { rows } = await db.query("select from slugline.person where lower(email) = lower($1)", [it.email]);
    if (rows.length > 0) return { ok: false, code: "email-taken" };
    await db.query(
      "update slugline.invitation set revoked_at = slugline.now() where lower(email) = lower($1) and used_at is null and revoked_at is null",
      [it.email],
    );
    await db.query(
      `insert into slugline.invitation (id, token_hash, email, role, accounts, invited_by, expires_at)
       values ($1, $2, $3, $4, $5, $6, slugline.now() + make_interval(days => $7))`,
      [newId(), hashOf(token), it.email, it.role, JSON.stringify(it.accounts), it.by, INVITATION_DAYS],
    );
    await tell(db, { kind: "person-invited", person: it.by, data: { role: it.role } });
    return { ok: true, token };
  });
}

/** An invitation opens while it is fresh, unused, not taken back, and who made it is still an admin. */
const OPEN = `i.used_at is null and i.revoked_at is null and i.expires_at > slugline.now()
  and exists (select from slugline.person b where b.id = i.invited_by and b.disabled_at is null and b.role = 'admin')`;

export async function openInvitations(db: Db): Promise<InvitationLine[]> {
  const { rows } = await db.query<InvitationLine>(
    `select i.id, i.email, i.role, i.accounts, b.name as invited_by, i.created_at, i.expires_at
       from slugline.invitation i join slugline.person b on b.id = i.invited_by where ${OPEN} order by i.created_at desc limit 200`,
  );
  return rows;
}

/** Takes an invitation back; false when it is no longer open. */
export async function revokeInvitation(store: Store, id: string, by: string): Promise<boolean> {
  return store.transaction(async (db) => {
    const { rowCount } = await db.query(
      "update slugline.invitation set revoked_at = slugline.now() where id = $1 and used_at is null and revoked_at is null",
      [id],
    );
    if (rowCount === 1) await tell(db, { kind: "person-invitation-revoked", person: by });
    return rowCount === 1;
  });
}

/** Whom a link invites; undefined when it no longer opens. */
export async function invitationOf(db: Db, token: string): Promise<{ readonly email: string } | undefined> {
  const { rows } = await db.query<{ email: string }>(
    `select i.email from slugline.invitation i where i.token_hash = $1 and ${OPEN}`,
    [hashOf(token)],
  );
  return rows[0];
}

/** Takes an invitation up: the person is made, with the rights it carries and the password they chose, and is signed in. */
export async function acceptInvitation(
  store: Store,
  token: string,
  given: Omit<Newcomer, "email">,
): Promise<SignedIn | HalfSignedIn | { readonly ok: false; readonly code: LinkProblem }> {
  const invitation = await invitationOf(store, token);
  if (!invitation) return { ok: false, code: "link-used" };
  const about = { email: invitation.email, name: cleanText(given.name) };
  const problem = newcomerProblem(about, given.password);
  if (problem) return { ok: false, code: problem };
  const hash = await hashPassword(given.password);
  return store.transaction(async (db) => {
    const { rows } = await db.query<{ role: Role | "none"; accounts: Rights["accounts"] }>(
      `update slugline.invitation i set used_at = slugline.now() where i.token_hash = $1 and ${OPEN} returning i.role, i.accounts`,
      [hashOf(token)],
    );
    const rights = rows[0];
    if (!rights) return { ok: false, code: "link-used" };
    const person = await createPerson(db, { ...about, role: rights.role });
    if (!person) return { ok: false, code: "email-taken" };
    await db.query("update slugline.person set password_hash = $2 where id = $1", [person.id, hash]);
    await giveAccounts(db, person.id, rights.accounts);
    return enter(db, person.id, given.label ?? "");
  });
}
