import { newId } from "../lib/id.ts";
import { cleanText } from "../lib/text/clean.ts";
import type { Db, Store } from "../store/db.ts";
import { tell } from "../store/history.ts";
import type { Rights, Role } from "./person.ts";
import { NEEDS_TOTP } from "./session.ts";
import { hashOf, newToken } from "./session-token.ts";

/** What a token is for; what is not listed is not allowed. Its role and accounts say where. */
export const SCOPES = ["read", "write", "decide", "links", "stop", "manage"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who is at the programs' door, and what they may do. */
export interface ApiToken extends Rights {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Whose token it is; null: a program's own. */
  readonly person: { readonly id: string; readonly name: string } | null;
  /** Its person has to set up a second factor before they decide or manage, by whatever door (ASVS 6.3.4). */
  readonly needsTotp: boolean;
  readonly expiresAt: Date | null;
}

export interface NewToken extends Rights {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly personId: string | null;
  readonly expiresInS: number | null;
  /** Who makes it: a person's name, or `the command line`. */
  readonly madeBy: string;
}

const PREFIX = "slug_";
const SHAPE = /^slug_[\w-]{43}$/;

/** Makes a token of 256 random bits, told once; undefined when a live one has this name. */
export async function addToken(store: Store, it: NewToken): Promise<string | undefined> {
  const token = `${PREFIX}${newToken()}`;
  return store.transaction(async (db) => {
    const { rows } = await db.query<{ id: string }>(
      `insert into slugline.api_token (id, name, token_hash, scopes, role, person_id, made_by, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, slugline.now() + make_interval(secs => $8)) on conflict do nothing returning id`,
      [newId(), cleanText(it.name), hashOf(token), it.scopes, it.role, it.personId, it.madeBy, it.expiresInS],
    );
    const id = rows[0]?.id;
    if (id === undefined) return undefined;
    for (const [account, role] of Object.entries(it.accounts))
      await db.query("insert into slugline.api_token_account (token_id, account_id, role) values ($1, $2, $3)", [
        id,
        account,
        role,
      ]);
    await tell(db, { kind: "token-added", data: { name: it.name, by: it.madeBy, scopes: it.scopes } });
    return token;
  });
}

interface TokenRow extends Rights {
  readonly id: string;
  readonly name: string;
  readonly scopes: Scope[];
  readonly expires_at: Date | null;
  readonly person_id: string | null;
  readonly person_name: string | null;
  readonly person_role: Role | "none" | null;
  readonly person_accounts: Rights["accounts"];
  readonly unused: boolean;
  readonly needs_totp: boolean;
}

/** Whose token this is; undefined when it is none, revoked, over, or its person is disabled. */
export async function tokenOf(db: Db, token: string): Promise<ApiToken | undefined> {
  if (!SHAPE.test(token)) return undefined;
  const { rows } = await db.query<TokenRow>(
    `select t.id, t.name, t.scopes, t.role, t.expires_at, p.id as person_id, p.name as person_name, p.role as person_role,
            p.id is not null and ${NEEDS_TOTP} as needs_totp,
            coalesce((select jsonb_object_agg(account_id, role) from slugline.api_token_account where token_id = t.id), '{}') as accounts,
            coalesce((select jsonb_object_agg(account_id, role) from slugline.person_account where person_id = p.id), '{}') as person_accounts,
            coalesce(t.last_used_at < slugline.now() - interval '1 hour', true) as unused
       from slugline.api_token t left join slugline.person p on p.id = t.person_id
      where t.token_hash = $1 and t.revoked_at is null and coalesce(t.expires_at > slugline.now(), true) and p.disabled_at is null`,
    [hashOf(token)],
  );
  const [row] = rows;
  if (!row) return undefined;
  if (row.unused)
    await db.query("update slugline.api_token set last_used_at = date_trunc('hour', slugline.now()) where id = $1", [row.id]);
  const person = row.person_id === null ? null : { id: row.person_id, name: row.person_name ?? "" };
  const rights = person === null ? row : lesserOf(row, { role: row.person_role ?? "none", accounts: row.person_accounts });
  const { id, name, scopes, expires_at: expiresAt, needs_totp: needsTotp } = row;
  return { id, name, scopes, person, needsTotp, expiresAt, role: rights.role, accounts: rights.accounts };
}

const RANK: readonly (Role | "none")[] = ["none", "viewer", "writer", "editor", "admin"];

/** What both allow: a token may do no more than the person it belongs to. */
export function lesserOf(one: Rights, other: Rights): Rights {
  const lesser = (a: Role | "none", b: Role | "none") => RANK[Math.min(RANK.indexOf(a), RANK.indexOf(b))] ?? "none";
  const named = new Set([...Object.keys(one.accounts), ...Object.keys(other.accounts)]);
  const on = (rights: Rights, account: string) => rights.accounts[account] ?? rights.role;
  return {
    role: lesser(one.role, other.role),
    accounts: Object.fromEntries([...named].map((account) => [account, lesser(on(one, account), on(other, account))])),
  };
}

export interface TokenLine {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly role: Role | "none";
  /** Roles by the account's name. */
  readonly accounts: Readonly<Record<string, Role | "none">>;
  readonly person: string | null;
  readonly made_by: string;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  /** To the hour. */
  readonly last_used_at: Date | null;
  readonly works: boolean;
}

/** Tokens that are not revoked, by name. */
export async function tokenLines(db: Db): Promise<TokenLine[]> {
  const { rows } = await db.query<TokenLine>(
    `select t.id, t.name, t.scopes, t.role, p.name as person, t.made_by, t.created_at, t.expires_at, t.last_used_at,
            coalesce((select jsonb_object_agg(a.name, o.role) from slugline.api_token_account o join slugline.account a on a.id = o.account_id
              where o.token_id = t.id), '{}') as accounts,
            coalesce(t.expires_at > slugline.now(), true) and p.disabled_at is null as works
       from slugline.api_token t left join slugline.person p on p.id = t.person_id
      where t.revoked_at is null order by lower(t.name) limit 1000`,
  );
  return rows;
}

/** Ends a token at once, by its id or its name; false when there is none. */
export async function revokeToken(
  store: Store,
  which: { readonly id: string } | { readonly name: string },
  by: string,
): Promise<boolean> {
  return store.transaction(async (db) => {
    const { rows } = await db.query<{ name: string }>(
      `update slugline.api_token set revoked_at = slugline.now(), revoked_by = $3
        where (id = $1 or lower(name) = lower($2)) and revoked_at is null returning name`,
      ["id" in which ? which.id : null, "name" in which ? which.name : null, by],
    );
    const [row] = rows;
    if (row) await tell(db, { kind: "token-revoked", data: { name: row.name, by } });
    return row !== undefined;
  });
}
