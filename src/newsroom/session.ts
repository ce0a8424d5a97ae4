import { newId } from "../lib/id.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import type { Person } from "./people.ts";
import { hashOf, newToken } from "./session-token.ts";

/** A session of the browser's: its token is told once and only its hash is kept. */
export interface SignedIn {
  readonly ok: true;
  readonly token: string;
  readonly expiresAt: Date;
}

/**
 * Whether a person `p` has to set up a second factor before they decide: as soon as an account is out of rehearsal. One that
 * a person put into rehearsal does not count as such: a person can end it.
 */
export const NEEDS_TOTP = `(p.totp_at is null and exists (select from slugline.account
  where not rehearsal and rehearsal_why is null and network <> 'rehearsal' and state <> 'disabled'))`;

const IDLE_DAYS = 7;
const SESSION_DAYS = 30;

/** Begins a session, always a new one: no token from before signing in is worth anything after. */
export async function openSession(db: Db, personId: string, label: string): Promise<SignedIn> {
  const token = newToken();
  const { rows } = await db.query<{ expires_at: Date }>(
    `insert into slugline.session (token_hash, id, person_id, label, expires_at)
     values ($1, $2, $3, $4, slugline.now() + make_interval(days => $5)) returning expires_at`,
    [hashOf(token), newId(), personId, label, SESSION_DAYS],
  );
  await db.query("delete from slugline.session where expires_at < slugline.now()");
  await tell(db, { kind: "person-signed-in", person: personId });
  return { ok: true, token, expiresAt: rows[0]!.expires_at };
}

/** Whose session a browser's token is; undefined when it ended, was idle for a week, or the person is disabled. */
export async function sessionOf(db: Db, token: string): Promise<Person | undefined> {
  const { rows } = await db.query<Person & { stale: boolean }>(
    `select p.id, p.name, p.email, p.role, p.lang, p.shortcuts, s.id as session, p.totp_at is not null as totp,
            ${NEEDS_TOTP} as "needsTotp",
            coalesce((select jsonb_object_agg(account_id, role) from slugline.person_account where person_id = p.id), '{}') as accounts,
            s.seen_at < slugline.now() - interval '5 minutes' as stale
       from slugline.session s join slugline.person p on p.id = s.person_id
      where s.token_hash = $1 and s.expires_at > slugline.now() and s.seen_at > slugline.now() - make_interval(days => $2) and p.disabled_at is null`,
    [hashOf(token), IDLE_DAYS],
  );
  if (!rows[0]) return undefined;
  const { stale, ...person } = rows[0];
  if (stale) await db.query("update slugline.session set seen_at = slugline.now() where token_hash = $1", [hashOf(token)]);
  return person;
}

/** Ends a session on the server; the browser's copy is worth nothing after. */
export async function signOut(db: Db, token: string): Promise<void> {
  await db.query("delete from slugline.session where token_hash = $1", [hashOf(token)]);
}

/** A session as its person sees it in their list. */
export interface SessionLine {
  readonly id: string;
  readonly label: string;
  readonly created_at: Date;
  readonly seen_at: Date;
}

export async function sessionsOf(db: Db, personId: string): Promise<SessionLine[]> {
  const { rows } = await db.query<SessionLine>(
    `select id, label, created_at, seen_at from slugline.session
      where person_id = $1 and expires_at > slugline.now() and seen_at > slugline.now() - make_interval(days => $2)
      order by seen_at desc limit 100`,
    [personId, IDLE_DAYS],
  );
  return rows;
}

/** Ends one session of a person; false when it is none of theirs. */
export async function endSession(db: Db, personId: string, sessionId: string): Promise<boolean> {
  const { rowCount } = await db.query("delete from slugline.session where person_id = $1 and id = $2", [personId, sessionId]);
  return rowCount === 1;
}

/** Ends a person's sessions, those half begun too. @param but the one they are here by stays */
export async function endSessions(db: Db, personId: string, but: string | null = null): Promise<void> {
  await db.query("delete from slugline.session where person_id = $1 and ($2::uuid is null or id <> $2)", [personId, but]);
  await db.query("delete from slugline.half_session where person_id = $1", [personId]);
}

/** `Firefox, Linux` of a user agent: enough to tell one's own devices apart, and all of it that is kept. */
export function deviceOf(userAgent: string | undefined): string {
  const agent = userAgent ?? "";
  const family = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(`${name}/`));
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"].find((name) => agent.includes(name));
  const said: Readonly<Record<string, string>> = { Edg: "Edge", OPR: "Opera", "Mac OS X": "macOS" };
  return [family, system].flatMap((name) => (name === undefined ? [] : [said[name] ?? name])).join(", ");
}
