import { codeOf } from "../lib/fault.ts";
import type { Limits } from "../lib/text/limits.ts";
import type { Db, Store } from "../store/db.ts";
import { given } from "../store/given.ts";
import { tell } from "../store/history.ts";
import type { Allowance } from "./allowance.ts";
import { ON_HOLD } from "./hold.ts";
import type { Mode, Rule } from "./rules.ts";

/** How a voice is kept; `post/write.ts` says what each part does. */
export interface VoiceSpec {
  readonly text: string;
  readonly textWithoutLink?: string | undefined;
  readonly parts?: readonly string[] | undefined;
  readonly reshare?: string | undefined;
  readonly correction?: string | undefined;
  readonly giveWay: readonly ("tags" | "summary.second" | "summary")[];
  readonly tags: number;
  readonly utm: Readonly<Record<string, string>>;
}

export interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly network: string;
  readonly server: string;
  readonly handle: string | null;
  readonly lang: string | null;
  readonly mode: Mode;
  readonly rehearsal: boolean;
  readonly rehearsal_why: string | null;
  /** For whatever reason: declared, held there, or at a press. */
  readonly rehearsing: boolean;
  readonly on_unknown: "ask" | "assume-posted";
  readonly settings: Readonly<Record<string, unknown>>;
  readonly limits: Limits | null;
  readonly allowance: Allowance;
}

const ACCOUNT =
  "a.id, a.name, a.network, a.server, a.handle, a.lang, a.mode, a.rehearsal, a.rehearsal_why, a.rehearsing, a.on_unknown, a.settings, a.limits, a.allowance";

export async function accountById(db: Db, id: string): Promise<AccountRow | undefined> {
  return (await accountsById(db, [id]))[0];
}

/** Accounts in the order of these ids; undefined for one that is gone. */
export async function accountsById(db: Db, ids: readonly string[]): Promise<(AccountRow | undefined)[]> {
  const { rows } = await db.query<AccountRow>(
    `select ${ACCOUNT} from ${given("$1", "id uuid")} asked join slugline.account a on a.id = asked.id`,
    [JSON.stringify([...new Set(ids)].map((id) => ({ id })))],
    "accounts",
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}

/** An account that may be given articles, with its voice. */
export interface Claimant extends AccountRow {
  readonly voice: VoiceSpec;
}

/** The accounts that rules may name: all but the disabled ones. A locked-out one is mended, and its posts wait. */
export async function claimants(db: Db): Promise<Claimant[]> {
  const { rows } = await db.query<Claimant>(
    `select ${ACCOUNT}, coalesce(v.spec, p.spec) as voice from slugline.account a
       left join slugline.voice v on v.name = a.voice left join slugline.voice p on p.name = 'plain'
      where a.state <> 'disabled' order by a.name`,
  );
  return rows;
}

/** The rules in the order in which they are tried. */
export async function rules(db: Db): Promise<Rule[]> {
  const { rows } = await db.query<{ spec: Rule }>("select spec from slugline.rule order by origin desc, position");
  return rows.map((row) => row.spec);
}

/** Rules, voices and accounts as the store has them, to try others beside them (`slugline replay`). */
export async function listedTried(db: Db) {
  const { rows: listed } = await db.query<{ spec: Rule; origin: "file" | "editor" }>(
    "select spec, origin from slugline.rule order by origin desc, position",
  );
  const { rows: voices } = await db.query<{ name: string; spec: VoiceSpec }>("select name, spec from slugline.voice");
  const { rows: accounts } = await db.query<AccountRow & { voice: string; origin: "file" | "editor" }>(
    `select ${ACCOUNT}, a.voice, a.origin from slugline.account a where a.state <> 'disabled' order by a.name`,
  );
  return {
    rules: listed.map(({ spec, origin }) => ({ ...spec, origin })),
    voices: Object.fromEntries(voices.map(({ name, spec }) => [name, spec])),
    accounts,
  };
}

export async function paused(db: Db): Promise<{ at: Date; by: string; why: string } | undefined> {
  const { rows } = await db.query<{ at: Date; by: string; why: string }>(
    "select paused_at as at, coalesce(paused_by, '') as by, coalesce(paused_why, '') as why from slugline.newsroom where paused_at is not null",
  );
  return rows[0];
}

/** "Slug", 4: beside the places of store/tenant.ts. Shared by whoever is between the check of the stop switch and the sending. */
const GATE = "1399616871, 4";
export const BEGINNING = `pg_advisory_xact_lock_shared(${GATE})`;
/** Whoever stands still in between keeps the switch no longer than this: what it checked is on its way then. */
const BEGUN_WITHIN = "3s";

/**
 * The stop switch: nothing begins to be sent from the moment this returns. What was already on its way is followed to its
 * end; what had passed the check is waited for, for three seconds.
 */
export async function pause(store: Store, by: string, why: string): Promise<void> {
  await store.transaction(async (db) => {
    const { rowCount } = await db.query(
      "update slugline.newsroom set paused_at = slugline.now(), paused_by = $1, paused_why = $2 where paused_at is null",
      [by, why],
    );
    if (rowCount === 1) await tell(db, { kind: "paused", data: { by, why } });
  });
  await store
    .transaction(async (db) => {
      await db.query(`set local lock_timeout = '${BEGUN_WITHIN}'`);
      await db.query(`select pg_advisory_xact_lock(${GATE})`);
    })
    .catch((error: unknown) => {
      if (codeOf(error) !== "55P03") throw error;
    });
}

/** Lets sending go on. False while the store is on hold after a restore: only the hold's end does (`endHold`). */
export async function resume(store: Store, by: string): Promise<boolean> {
  return store.transaction(async (db) => {
    const { rows } = await db.query<{ held: boolean }>(`select ${ON_HOLD} as held from slugline.newsroom n for update`);
    if (rows[0]?.held) return false;
    const { rowCount } = await db.query(
      "update slugline.newsroom set paused_at = null, paused_by = null, paused_why = null where paused_at is not null",
    );
    if (rowCount === 1) await tell(db, { kind: "resumed", data: { by } });
    return true;
  });
}

/** What the newsroom calls itself, as newsroom.yaml last said. */
export async function storedSite(db: Db): Promise<{ name: string; languages: readonly string[]; timeZone: string }> {
  const { rows } = await db.query<{ site: { name?: string; languages?: string[]; timeZone?: string } }>(
    "select site from slugline.newsroom",
  );
  return { name: "Slugline", languages: ["en"], timeZone: "UTC", ...rows[0]?.site };
}

/**
 * The account may not post until a person mends it. Told once, however many find out. Answers whether it is from now on.
 *
 * @param since when whoever found out began, with the access of that moment (ms since the epoch, the store's clock): an
 *   account that was mended after that is not locked out by it
 */
export async function lockOut(db: Db, accountId: string, why: string, since: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `update slugline.account set state = 'locked-out', state_why = $2, state_at = slugline.now()
      where id = $1 and state = 'active'
        -- what is in floating milliseconds is a hair off
        and greatest(state_at, connected_at) <= to_timestamp($3::float8 / 1000) + interval '1 millisecond'`,
    [accountId, why, since],
  );
  if (rowCount !== 1) return false;
  await tell(db, { kind: "account-locked-out", account: accountId, data: { why } });
  return true;
}
