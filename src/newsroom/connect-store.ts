import { Fault } from "../lib/fault.ts";
import type { App, Connected } from "../networks/network.ts";
import type { Db } from "../store/db.ts";
import type { By, NewAccount, Ticket } from "./connect.ts";
import { seal, unseal, type Keys, type Place } from "./seal.ts";
import { hashOf } from "./session-token.ts";

/** Our app on a server, for the address it sends people back to; undefined where we have none, or no key opens it. */
export async function findApp(db: Db, keys: Keys, at: AppAt): Promise<App | undefined> {
  const { rows } = await db.query<{ sealed: Buffer }>(
    "select sealed from slugline.connect_app where network = $1 and server = $2 and callback = $3",
    [at.network, at.server, at.callback],
  );
  return rows[0] && (JSON.parse(unseal(rows[0].sealed, appPlace(at), keys())) as App);
}

export async function keepApp(db: Db, keys: Keys, at: AppAt, app: App): Promise<void> {
  await db.query(
    `insert into slugline.connect_app (network, server, callback, sealed) values ($1, $2, $3, $4)
     on conflict (network, server, callback) do update set sealed = excluded.sealed, updated_at = slugline.now()`,
    [at.network, at.server, at.callback, seal(JSON.stringify(app), appPlace(at), newestOf(keys))],
  );
}

export interface AppAt {
  readonly network: string;
  readonly server: string;
  readonly callback: string;
}

/** What an attempt is about: where, and the account that is to be added. */
export interface AttemptSpec {
  readonly server: string;
  readonly authorize: string;
  readonly callback: string;
  readonly account: NewAccount | null;
}

export interface AttemptRow {
  readonly id: string;
  readonly network: string;
  readonly account_id: string | null;
  readonly spec: AttemptSpec;
  readonly sealed: Buffer;
  readonly remote_id: string | null;
  readonly remote_handle: string | null;
  readonly token_ends_at: Date | null;
  readonly token_renews: boolean;
  readonly refresh_ends_at: Date | null;
}

const ATTEMPT = "id, network, account_id, spec, sealed, remote_id, remote_handle, token_ends_at, token_renews, refresh_ends_at";
const MINUTES = 10;

/** Begins an attempt; those that are long over are cleared away. */
export async function openAttempt(
  db: Db,
  keys: Keys,
  it: { id: string; state: string; by: By; network: string; accountId: string | null; spec: AttemptSpec; ticket: Ticket },
): Promise<void> {
  await db.query("delete from slugline.connect_attempt where expires_at < slugline.now() - interval '1 day'");
  await db.query(
    `insert into slugline.connect_attempt (id, state_hash, session_id, person_id, network, account_id, spec, sealed, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, slugline.now() + make_interval(mins => $9))`,
    [
      it.id,
      hashOf(it.state),
      it.by.session,
      it.by.person,
      it.network,
      it.accountId,
      JSON.stringify(it.spec),
      seal(JSON.stringify(it.ticket), attemptPlace(it.id), newestOf(keys)),
      MINUTES,
    ],
  );
}

/** Uses a state up: once, in its time, for the session and person that began it, at the network it was begun for. */
export async function takeState(db: Db, it: { state: string; network: string; by: By }): Promise<AttemptRow | undefined> {
  const { rows } = await db.query<AttemptRow>(
    `update slugline.connect_attempt set used_at = slugline.now()
      where state_hash = $1 and network = $2 and session_id = $3 and person_id = $4 and used_at is null and expires_at > slugline.now()
      returning ${ATTEMPT}`,
    [hashOf(it.state), it.network, it.by.session, it.by.person],
  );
  return rows[0];
}

/** Why a state is not to be used. Nothing of somebody else's is used up by asking. */
export async function whyNotTaken(
  db: Db,
  it: { state: string; network: string; by: By },
): Promise<"unknown" | "other-session" | "used" | "expired"> {
  const { rows } = await db.query<{ mine: boolean; used: boolean }>(
    `select session_id = $3 and person_id = $4 as mine, used_at is not null as used
       from slugline.connect_attempt where state_hash = $1 and network = $2`,
    [hashOf(it.state), it.network, it.by.session, it.by.person],
  );
  const [found] = rows;
  if (!found) return "unknown";
  if (!found.mine) return "other-session";
  return found.used ? "used" : "expired";
}

/** The tokens are there, sealed, and wait for the person to say that it is the right account. */
export async function keepGiven(db: Db, keys: Keys, id: string, given: Extract<Connected, { kind: "connected" }>): Promise<void> {
  await db.query(
    `update slugline.connect_attempt set sealed = $2, remote_id = $3, remote_handle = $4, token_ends_at = $5, token_renews = $6,
            refresh_ends_at = $7, given_at = slugline.now(), expires_at = slugline.now() + make_interval(mins => $8)
      where id = $1`,
    [
      id,
      seal(JSON.stringify(given.secrets), attemptPlace(id), newestOf(keys)),
      given.id,
      given.handle,
      given.endsAt === null ? null : new Date(given.endsAt),
      given.renewal !== undefined,
      given.renewal?.endsAt ? new Date(given.renewal.endsAt) : null,
      MINUTES,
    ],
  );
}

/** An attempt that waits to be confirmed by whoever began it. */
export async function givenAttempt(db: Db, id: string, by: By, lock: "" | "for update" = ""): Promise<AttemptRow | undefined> {
  const { rows } = await db.query<AttemptRow>(
    `select ${ATTEMPT} from slugline.connect_attempt
      where id = $1 and session_id = $2 and person_id = $3 and given_at is not null and expires_at > slugline.now() ${lock}`,
    [id, by.session, by.person],
  );
  return rows[0];
}

export async function dropAttempt(db: Db, id: string): Promise<void> {
  await db.query("delete from slugline.connect_attempt where id = $1", [id]);
}

export function ticketOf(row: AttemptRow, keys: Keys): Ticket {
  return JSON.parse(unseal(row.sealed, attemptPlace(row.id), keys())) as Ticket;
}

/** The secrets that the network gave, by the names the driver asks for them. */
export function secretsOf(row: AttemptRow, keys: Keys): ReadonlyMap<string, string> {
  return new Map(Object.entries(JSON.parse(unseal(row.sealed, attemptPlace(row.id), keys())) as Record<string, string>));
}

/** The account of ours that is this very one on its network; undefined when none is. */
export async function accountThere(
  db: Db,
  it: { network: string; server: string; remoteId: string; but: string | null },
): Promise<string | undefined> {
  const { rows } = await db.query<{ name: string }>(
    `select name from slugline.account where network = $1 and server = $2 and remote_id = $3 and state <> 'disabled' and id is distinct from $4`,
    [it.network, it.server, it.remoteId, it.but],
  );
  return rows[0]?.name;
}

function newestOf(keys: Keys): Uint8Array {
  const [newest] = keys();
  if (newest) return newest;
  throw new Fault("KEY_MISSING", "There is no key to seal under. Set SLUGLINE_KEY.");
}

/** As `SEALED` of seal-rotate.ts has them in SQL. */
function appPlace({ network, server, callback }: AppAt): Place {
  return { table: "slugline.connect_app", row: `${network} ${server} ${callback}`, column: "sealed" };
}

function attemptPlace(id: string): Place {
  return { table: "slugline.connect_attempt", row: id, column: "sealed" };
}
