import { isDeepStrictEqual } from "node:util";
import { newId } from "../lib/id.ts";
import { say } from "../lib/say.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import type { Allowance } from "./allowance.ts";
import type { Rule } from "./rules.ts";
import type { VoiceSpec } from "./store.ts";

/** newsroom.yaml, checked, as far as it becomes rows. */
export interface Declared {
  readonly site: unknown;
  readonly sources: readonly DeclaredSource[];
  readonly accounts: readonly AccountSpec[];
  readonly voices: Readonly<Record<string, VoiceSpec>>;
  readonly rules: readonly Rule[];
}

type DeclaredSource = {
  readonly name: string;
  readonly images: string;
  readonly lang: string | null;
  readonly mode: string | null;
} & (
  | { readonly kind: "feed"; readonly url: string; readonly intervalS: number; readonly postNewest: number }
  | { readonly kind: "hook"; readonly format: string; readonly secretEnv: string }
);

/** An account as newsroom.yaml, or a person at the command line, says it is. */
export interface AccountSpec {
  readonly name: string;
  readonly network: string;
  readonly server: string;
  readonly handle: string | null;
  readonly lang: string | null;
  readonly voice: string;
  readonly mode: string;
  readonly rehearsal: boolean;
  readonly spacingS: number;
  readonly onUnknown: string;
  readonly allowance: Allowance;
  readonly settings: Readonly<Record<string, string>>;
}

export interface Applied {
  readonly sources: number;
  readonly accounts: number;
  readonly rules: number;
  readonly disabled: readonly string[];
}

/** Any number the same in every process: they apply one after the other. */
const APPLYING = 7_311_004;

/**
 * Makes the rows say what newsroom.yaml says: new ones are added, changed ones follow, and what left the file is
 * disabled, not deleted (and comes back when it returns). The same file applied twice changes nothing.
 */
export async function apply(store: Store, declared: Declared, { shortUrl }: { readonly shortUrl: string }): Promise<Applied> {
  return store.transaction(async (db) => {
    await db.query("select pg_advisory_xact_lock($1)", [APPLYING]);
    await db.query("update slugline.newsroom set site = $1", [JSON.stringify(declared.site)]);
    for (const [name, spec] of Object.entries(declared.voices)) await putVoice(db, name, spec);
    for (const source of declared.sources) await putSource(db, source);
    for (const account of declared.accounts) await putAccount(db, account, rehearsalWhy(account, shortUrl));
    const { rows: old } = await db.query<{ spec: Rule; position: number }>(
      "delete from slugline.rule where origin = 'file' returning spec, position",
    );
    if (
      !isDeepStrictEqual(
        old.toSorted((one, other) => one.position - other.position).map(({ spec }) => spec),
        declared.rules,
      )
    )
      await tell(db, { kind: "rules-changed", data: { rules: declared.rules.length } });
    for (const [position, rule] of declared.rules.entries()) {
      await db.query("insert into slugline.rule (id, position, spec, origin) values ($1, $2, $3, 'file')", [
        newId(),
        position,
        JSON.stringify(rule),
      ]);
    }
    const disabled = [...(await disable(db, "source", declared.sources)), ...(await disable(db, "account", declared.accounts))];
    return { sources: declared.sources.length, accounts: declared.accounts.length, rules: declared.rules.length, disabled };
  });
}

/**
 * Links on this machine's own address lead nowhere for a follower: until there is a public one, an account posts only to
 * the local timeline, unless its server is on this machine too.
 */
export function rehearsalWhy(account: { readonly server: string; readonly rehearsal: boolean }, shortUrl: string): string | null {
  if (account.rehearsal || !isLoopback(shortUrl) || (account.server !== "" && isLoopback(account.server))) return null;
  return say`Short links are on ${new URL(shortUrl).host}, which no follower can open. Set SHORT_URL (or site.shortUrl) to a public address.`;
}

function isLoopback(address: string): boolean {
  const host = URL.parse(address)?.hostname ?? "";
  return host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host) || /(^|\.)localhost$/.test(host);
}

async function putVoice(db: Db, name: string, spec: VoiceSpec): Promise<void> {
  await db.query(
    `insert into slugline.voice (name, spec, origin) values ($1, $2, 'file')
     on conflict (name) do update set spec = excluded.spec, origin = 'file', updated_at = slugline.now() where voice.spec <> excluded.spec`,
    [name, JSON.stringify(spec)],
  );
}

async function putSource(db: Db, source: DeclaredSource): Promise<void> {
  const feed = source.kind === "feed" ? source : null;
  const { images, lang, mode } = source;
  const own = source.kind === "feed" ? { postNewest: source.postNewest } : { format: source.format, secretEnv: source.secretEnv };
  // Another address is another feed: its validators and its first sight begin anew.
  const { rows } = await db.query<{ id: string; fresh: boolean }>(
    `insert into slugline.source as s (id, name, kind, url, host, interval_s, settings, origin) values ($1, $2, $3, $4, $5, $6, $7, 'file')
     on conflict (name) do update set kind = excluded.kind, interval_s = excluded.interval_s, settings = excluded.settings, origin = 'file',
       url = excluded.url, host = excluded.host,
       etag = case when s.url is distinct from excluded.url then null else s.etag end,
       last_modified = case when s.url is distinct from excluded.url then null else s.last_modified end,
       baseline_at = case when s.url is distinct from excluded.url then null else s.baseline_at end,
       next_check_at = case when s.url is distinct from excluded.url then slugline.now()
                            else least(s.next_check_at, greatest(slugline.now(), s.updated_at) + make_interval(secs => excluded.interval_s)) end,
       state = case when s.state = 'disabled' or s.url is distinct from excluded.url then 'active' else s.state end,
       state_why = case when s.state = 'disabled' or s.url is distinct from excluded.url then null else s.state_why end,
       updated_at = slugline.now()
     where (s.kind, s.url, s.interval_s, s.settings, s.origin) is distinct from (excluded.kind, excluded.url, excluded.interval_s, excluded.settings, 'file')
        or s.state = 'disabled'
     returning id, xmax = 0 as fresh`,
    [
      newId(),
      source.name,
      source.kind,
      feed?.url ?? null,
      feed && new URL(feed.url).host,
      feed?.intervalS ?? 300,
      JSON.stringify({ images, lang, mode, ...own }),
    ],
  );
  const changed = rows[0];
  if (changed)
    await tell(db, { kind: changed.fresh ? "source-added" : "source-changed", source: changed.id, data: { name: source.name } });
}

/** What was held by the old allowance is asked again by the new one. */
export const ALLOWED_ANEW = `rests_until = case when (a.allowance, a.spacing_s) = (excluded.allowance, excluded.spacing_s) then a.rests_until end,
       rests_why = case when (a.allowance, a.spacing_s) = (excluded.allowance, excluded.spacing_s) then a.rests_why end`;

async function putAccount(db: Db, account: AccountSpec, why: string | null): Promise<void> {
  const { rows } = await db.query<{ fresh: boolean; id: string }>(
    `insert into slugline.account as a
       (id, name, network, server, handle, lang, voice, mode, rehearsal, rehearsal_why, spacing_s, on_unknown, settings, allowance, origin)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'file')
     on conflict (name) do update set network = excluded.network, server = excluded.server, handle = excluded.handle, lang = excluded.lang,
       voice = excluded.voice, mode = excluded.mode, rehearsal = excluded.rehearsal, rehearsal_why = excluded.rehearsal_why,
       spacing_s = excluded.spacing_s, on_unknown = excluded.on_unknown, settings = excluded.settings, allowance = excluded.allowance,
       ${ALLOWED_ANEW}, origin = 'file', updated_at = slugline.now(),
       verified_at = null, limits = case when (a.network, a.server) = (excluded.network, excluded.server) then a.limits end,
       state = case when a.state = 'disabled' then 'active' else a.state end,
       state_why = case when a.state = 'disabled' then null else a.state_why end
     where (a.network, a.server, a.handle, a.lang, a.voice, a.mode, a.rehearsal, a.rehearsal_why, a.spacing_s, a.on_unknown, a.settings, a.allowance, a.origin)
           is distinct from (excluded.network, excluded.server, excluded.handle, excluded.lang, excluded.voice, excluded.mode, excluded.rehearsal,
             excluded.rehearsal_why, excluded.spacing_s, excluded.on_unknown, excluded.settings, excluded.allowance, 'file') or a.state = 'disabled'
     returning id, xmax = 0 as fresh`,
    accountValues(account, why),
  );
  const changed = rows[0];
  if (changed)
    await tell(db, {
      kind: changed.fresh ? "account-added" : "account-changed",
      account: changed.id,
      data: { name: account.name },
    });
}

/** What is written of an account, in the order in which both inserts name it; `why` it is held in rehearsal, if it is. */
export function accountValues(account: AccountSpec, why: string | null): unknown[] {
  return [
    newId(),
    account.name,
    account.network,
    account.server,
    account.handle,
    account.lang,
    account.voice,
    account.mode,
    account.rehearsal,
    why,
    account.spacingS,
    account.onUnknown,
    JSON.stringify(account.settings),
    JSON.stringify(account.allowance),
  ];
}

async function disable(db: Db, table: "source" | "account", declared: readonly { readonly name: string }[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string; name: string }>(
    `update slugline.${table} set state = 'disabled', state_why = 'not in newsroom.yaml any more', updated_at = slugline.now()
      where origin = 'file' and state <> 'disabled' and name <> all($1) returning id, name`,
    [declared.map(({ name }) => name)],
  );
  for (const row of rows) await tell(db, { kind: `${table}-disabled`, [table]: row.id, data: { name: row.name } });
  return rows.map((row) => row.name);
}
