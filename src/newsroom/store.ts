import type { Limits } from "../lib/text/limits.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import type { Mode, Rule } from "./rules.ts";

/** How a voice is kept; `post/write.ts` says what each part does. */
export interface VoiceSpec {
  readonly text: string;
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
  readonly on_unknown: "ask" | "assume-posted";
  readonly settings: Readonly<Record<string, unknown>>;
  readonly limits: Limits | null;
}

const ACCOUNT =
  "a.id, a.name, a.network, a.server, a.handle, a.lang, a.mode, a.rehearsal, a.rehearsal_why, a.on_unknown, a.settings, a.limits";

export async function accountById(db: Db, id: string): Promise<AccountRow | undefined> {
  const { rows } = await db.query<AccountRow>(`select ${ACCOUNT} from slugline.account a where a.id = $1`, [id]);
  return rows[0];
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
  const { rows } = await db.query<{ spec: Rule }>("select spec from slugline.rule order by origin, position");
  return rows.map((row) => row.spec);
}

export async function paused(db: Db): Promise<{ at: Date; by: string; why: string } | undefined> {
  const { rows } = await db.query<{ at: Date; by: string; why: string }>(
    "select paused_at as at, coalesce(paused_by, '') as by, coalesce(paused_why, '') as why from slugline.newsroom where paused_at is not null",
  );
  return rows[0];
}

/** The stop switch: nothing begins to be sent from here on. What was already on its way is followed to its end. */
export async function pause(store: Store, by: string, why: string): Promise<void> {
  await store.transaction(async (db) => {
    const { rowCount } = await db.query(
      "update slugline.newsroom set paused_at = slugline.now(), paused_by = $1, paused_why = $2 where paused_at is null",
      [by, why],
    );
    if (rowCount === 1) await tell(db, { kind: "paused", data: { by, why } });
  });
}

export async function resume(store: Store, by: string): Promise<void> {
  await store.transaction(async (db) => {
    const { rowCount } = await db.query(
      "update slugline.newsroom set paused_at = null, paused_by = null, paused_why = null where paused_at is not null",
    );
    if (rowCount === 1) await tell(db, { kind: "resumed", data: { by } });
  });
}

/** What the newsroom calls itself, as newsroom.yaml last said. */
export async function storedSite(db: Db): Promise<{ name: string; languages: readonly string[]; timeZone: string }> {
  const { rows } = await db.query<{ site: { name?: string; languages?: string[]; timeZone?: string } }>(
    "select site from slugline.newsroom",
  );
  return { name: "Slugline", languages: ["en"], timeZone: "UTC", ...rows[0]?.site };
}

/** The account may not post until a person mends it. Told once, however many find out. */
export async function lockOut(db: Db, accountId: string, why: string): Promise<void> {
  const { rowCount } = await db.query(
    `update slugline.account set state = 'locked-out', state_why = $2, state_at = slugline.now() where id = $1 and state = 'active'`,
    [accountId, why],
  );
  if (rowCount === 1) await tell(db, { kind: "account-locked-out", account: accountId, data: { why } });
}
