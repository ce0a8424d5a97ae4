import { didYouMean } from "../config/nearest.ts";
import { parseDuration } from "../lib/time.ts";
import { personByEmail } from "../newsroom/people.ts";
import { ROLES, type Role } from "../newsroom/person.ts";
import { addToken, revokeToken, SCOPES, tokenLines, type Scope } from "../newsroom/token.ts";
import type { Db } from "../store/db.ts";
import { migrate } from "../store/migrate.ts";
import { noSuch, text, withStore, WrongUsage, type Call, type Command } from "./command.ts";

const HERE = "the command line";
const EVERY_ROLE: readonly string[] = [...ROLES, "none"];
/** The least role that makes a scope worth anything. */
const LEAST: Readonly<Record<Scope, Role>> = {
  read: "viewer",
  links: "writer",
  write: "writer",
  decide: "editor",
  stop: "editor",
  manage: "admin",
};

export const tokenAdd: Command = {
  usage: "slugline token add <name> --scopes read,links [--for EMAIL] [--role ROLE] [--account NAME=ROLE] [--expires 90d]",
  about: "Makes a token for a program and prints it, once.",
  options: {
    scopes: { type: "string" },
    for: { type: "string" },
    role: { type: "string" },
    account: { type: "string", multiple: true },
    expires: { type: "string" },
  },
  least: 1,
  most: 1,
  run: async (call) => {
    const name = call.inputs[0] ?? "";
    if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,59}$/u.test(name))
      throw new WrongUsage(`"${name}" is no name for a token: letters, digits, space, dot, _ and -, at most 60.`);
    const scopes = scopesIn(text(call.values["scopes"]) ?? "");
    const named = accountsIn(call);
    const role = roleIn(text(call.values["role"]), named.length > 0 ? "none" : leastFor(scopes));
    const expires = text(call.values["expires"]);
    const expiresInS = expires === undefined ? null : parseDuration(expires);
    if (expiresInS === undefined) throw new WrongUsage(`"${expires}" is no time. It looks like 12h or 90d.`);
    return withStore(call, async (store, _, log) => {
      await migrate(store, log);
      const accounts = Object.fromEntries(
        await Promise.all(named.map(async ([account, its]) => [await accountId(store, account), its] as const)),
      );
      const email = text(call.values["for"]);
      const personId = email === undefined ? null : await ownerId(store, email);
      const token = await addToken(store, { name, scopes, role, accounts, personId, expiresInS, madeBy: HERE });
      if (token === undefined) throw new WrongUsage(`There is a token "${name}" already. Revoke it, or choose another name.`);
      const told = {
        name,
        token,
        scopes,
        role,
        accounts: Object.fromEntries(named),
        for: email ?? null,
        expires: expires ?? null,
      };
      call.out(call.json ? JSON.stringify(told) : `The token of ${name}, shown this once:\n  ${token}`);
      return 0;
    });
  },
};

export const tokenList: Command = {
  usage: "slugline token list",
  about: "Lists the tokens of programs: what each may do, and when it was last used. Never what they are.",
  least: 0,
  most: 0,
  run: (call) =>
    withStore(call, async (store) => {
      const lines = await tokenLines(store);
      if (call.json) {
        const tokens = lines.map(({ id, name, scopes, role, accounts, person, created_at, expires_at, last_used_at, works }) => ({
          id,
          name,
          scopes,
          role,
          accounts,
          for: person,
          created: created_at,
          expires: expires_at,
          lastUsed: last_used_at,
          works,
        }));
        call.out(JSON.stringify({ tokens }));
        return 0;
      }
      if (lines.length === 0) call.out("There are no tokens.");
      for (const one of lines) {
        const where = [one.role, ...Object.entries(one.accounts).map(([account, role]) => `${account}=${role}`)].join(" ");
        const used = one.last_used_at ? `last used ${one.last_used_at.toISOString()}` : "never used";
        const ends = one.expires_at ? `, until ${one.expires_at.toISOString()}` : "";
        const whose = one.person === null ? "" : `, of ${one.person}`;
        call.out(
          `${one.name.padEnd(20)} ${one.scopes.join(",")}  ${where}  ${used}${ends}${whose}${one.works ? "" : "  (works no more)"}`,
        );
      }
      return 0;
    }),
};

export const tokenRevoke: Command = {
  usage: "slugline token revoke <name>",
  about: "Ends a token at once.",
  least: 1,
  most: 1,
  run: (call) =>
    withStore(call, async (store) => {
      const name = call.inputs[0] ?? "";
      if (!(await revokeToken(store, { name }, HERE)))
        throw new WrongUsage(
          `There is no token "${name}".${didYouMean(
            name,
            (await tokenLines(store)).map((one) => one.name),
          )}`,
        );
      call.out(call.json ? JSON.stringify({ revoked: name }) : `${name} opens nothing any more.`);
      return 0;
    }),
};

function scopesIn(list: string): Scope[] {
  const named = list.split(",").map((one) => one.trim());
  for (const one of named)
    if (!SCOPES.some((scope) => scope === one))
      throw one === "" ? new WrongUsage(`--scopes is missing. Scopes: ${SCOPES.join(", ")}.`) : noSuch("scope", one, SCOPES);
  return SCOPES.filter((scope) => named.includes(scope));
}

function leastFor(scopes: readonly Scope[]): Role {
  return ROLES[Math.max(...scopes.map((scope) => ROLES.indexOf(LEAST[scope])))] ?? "viewer";
}

function accountsIn(call: Call): [string, Role | "none"][] {
  const given = call.values["account"];
  return (Array.isArray(given) ? given : []).map((one) => {
    const [account = "", role] = String(one).split("=");
    if (role === undefined) throw new WrongUsage(`Say the role of ${account}: --account ${account}=editor.`);
    return [account, roleIn(role, "none")];
  });
}

function roleIn(given: string | undefined, otherwise: Role | "none"): Role | "none" {
  if (given === undefined) return otherwise;
  if (!EVERY_ROLE.includes(given)) throw noSuch("role", given, EVERY_ROLE);
  return given as Role | "none";
}

async function accountId(db: Db, name: string): Promise<string> {
  const { rows } = await db.query<{ id: string; name: string }>("select id, name from slugline.account order by name");
  const found = rows.find((one) => one.name === name);
  if (found) return found.id;
  const names = rows.map((one) => one.name);
  throw new WrongUsage(`There is no account "${name}".${didYouMean(name, names)}`);
}

async function ownerId(db: Db, email: string): Promise<string> {
  const person = await personByEmail(db, email);
  if (!person) throw new WrongUsage(`There is nobody with the address ${email}. "slugline user add" makes them.`);
  return person.id;
}
