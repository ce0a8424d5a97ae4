import { randomInt } from "node:crypto";
import { generateSecret, generateURI, verifySync } from "otplib";
import { Fault } from "../lib/fault.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { seal, unseal, type Keys, type Place } from "./seal.ts";
import { endSessions } from "./session.ts";
import { hashOf } from "./session-token.ts";

const PERIOD_S = 30;
/** A secret that is being set up waits this long for its first code. */
const PENDING = "10 minutes";
const RECOVERY_CODES = 10;
/** Crockford's letters, without those that are misread. */
const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";

const ofPerson = (row: string): Place => ({ table: "slugline.person", row, column: "totp_sealed" });
const ofSession = (row: string): Place => ({ table: "slugline.session", row, column: "totp_pending" });

/** Makes a secret for a session to set up; it counts once a code shows that an app has it. */
export async function beginTotp(db: Db, keys: Keys, sessionId: string): Promise<void> {
  await db.query("update slugline.session set totp_pending = $2, totp_pending_at = slugline.now() where id = $1", [
    sessionId,
    seal(generateSecret(), ofSession(sessionId), newest(keys)),
  ]);
}

/** The secret this session is setting up; undefined when there is none. */
export async function pendingTotp(db: Db, keys: Keys, sessionId: string): Promise<string | undefined> {
  const { rows } = await db.query<{ totp_pending: Buffer }>(
    `select totp_pending from slugline.session
      where id = $1 and totp_pending is not null and totp_pending_at > slugline.now() - interval '${PENDING}'`,
    [sessionId],
  );
  return rows[0] && unseal(rows[0].totp_pending, ofSession(sessionId), keys());
}

/** What an authenticator app reads from the QR. */
export function totpUri(secret: string, site: string, email: string): string {
  return generateURI({ issuer: site, label: email, secret });
}

/**
 * The first code from the app: from here on a code is asked at every sign-in, and whoever came by the password alone is out.
 *
 * @returns the recovery codes, told this once; undefined when the code is not right
 */
export async function confirmTotp(
  store: Store,
  keys: Keys,
  at: { readonly person: string; readonly session: string },
  code: string,
): Promise<readonly string[] | undefined> {
  return store.transaction(async (db) => {
    await db.query("select from slugline.person where id = $1 for update", [at.person]);
    const secret = await pendingTotp(db, keys, at.session);
    const step = secret === undefined ? undefined : await stepOf(db, secret, code, 0);
    if (secret === undefined || step === undefined) return undefined;
    await db.query("update slugline.person set totp_sealed = $2, totp_at = slugline.now(), totp_step = $3 where id = $1", [
      at.person,
      seal(secret, ofPerson(at.person), newest(keys)),
      step,
    ]);
    await db.query("update slugline.session set totp_pending = null, totp_pending_at = null where person_id = $1", [at.person]);
    await endSessions(db, at.person, at.session);
    await tell(db, { kind: "person-totp-on", person: at.person });
    return newRecoveryCodes(db, at.person);
  });
}

/** Whether a code is the person's: of their app, or a recovery code. Either works once; it is used up by this. */
export async function takeCode(store: Store, keys: Keys, personId: string, given: string): Promise<boolean> {
  const code = given.toLowerCase().replaceAll(/[\s-]/g, "");
  return store.transaction(async (db) => {
    const { rows } = await db.query<{ totp_sealed: Buffer | null; totp_step: number }>(
      "select totp_sealed, totp_step from slugline.person where id = $1 and disabled_at is null for update",
      [personId],
    );
    const person = rows[0];
    if (!person || person.totp_sealed === null) return false;
    const step = await stepOf(db, unseal(person.totp_sealed, ofPerson(personId), keys()), code, person.totp_step);
    if (step !== undefined) {
      await db.query("update slugline.person set totp_step = $2 where id = $1", [personId, step]);
      return true;
    }
    const { rowCount } = await db.query(
      "update slugline.recovery_code set used_at = slugline.now() where person_id = $1 and code_hash = $2 and used_at is null",
      [personId, hashOf(`${personId} ${code}`)],
    );
    if (rowCount === 1) await tell(db, { kind: "person-recovery-used", person: personId });
    return rowCount === 1;
  });
}

/** Ten new recovery codes in place of all there were; told this once. */
export async function newRecoveryCodes(db: Db, personId: string): Promise<readonly string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, () =>
    Array.from({ length: 16 }, () => LETTERS[randomInt(LETTERS.length)]!).join(""),
  );
  await db.query("delete from slugline.recovery_code where person_id = $1", [personId]);
  await db.query("insert into slugline.recovery_code (person_id, code_hash) select $1, unnest($2::bytea[])", [
    personId,
    codes.map((code) => hashOf(`${personId} ${code}`)),
  ]);
  return codes.map((code) => code.replaceAll(/(.{4})(?!$)/g, "$1-"));
}

export async function recoveryCodesLeft(db: Db, personId: string): Promise<number> {
  const { rows } = await db.query<{ left: number }>(
    "select count(*)::int as left from slugline.recovery_code where person_id = $1 and used_at is null",
    [personId],
  );
  return rows[0]?.left ?? 0;
}

/** No code is asked of the person any more. @param by who took it away: themself, or an admin where phone and codes are lost */
export async function dropTotp(store: Store, personId: string, by: string): Promise<void> {
  await store.transaction(async (db) => {
    const { rows } = await db.query<{ name: string }>(
      "update slugline.person set totp_sealed = null, totp_at = null where id = $1 and totp_at is not null returning name",
      [personId],
    );
    if (!rows[0]) return;
    await db.query("delete from slugline.recovery_code where person_id = $1", [personId]);
    await tell(db, { kind: "person-totp-off", person: by, data: { whom: rows[0].name } });
  });
}

/** The time step a code is of, now or one to either side; undefined when it is none, or not after `last`. */
async function stepOf(db: Db, secret: string, code: string, last: number): Promise<number | undefined> {
  if (!/^\d{6}$/.test(code)) return undefined;
  const { rows } = await db.query<{ epoch: number }>("select extract(epoch from slugline.now())::float8 as epoch");
  const found = verifySync({
    secret,
    token: code,
    epoch: Math.floor(rows[0]!.epoch),
    period: PERIOD_S,
    epochTolerance: PERIOD_S,
    afterTimeStep: last,
  });
  return found.valid && "timeStep" in found ? found.timeStep : undefined;
}

function newest(keys: Keys): Uint8Array {
  const [key] = keys();
  if (!key) throw new Fault("SEAL_KEY_MISSING", "A code cannot be set up without SLUGLINE_KEY.");
  return key;
}
