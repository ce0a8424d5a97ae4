import type { Db } from "../store/db.ts";
import { may, mayAnywhere, type Act } from "../newsroom/person.ts";
import type { Person } from "../newsroom/people.ts";

/** What an act is about: the newsroom as a whole, at least one account, or the account of what the route's id names. */
type About = "newsroom" | "any account" | "account" | "post" | "delivery";

/** What a route asks of whoever comes: nothing, to be signed in, or to be allowed an act. */
export type Access = "open" | "signed in" | { readonly act: Act; readonly on: About };

const see = { act: "see", on: "any account" } as const;
const seePost = { act: "see", on: "post" } as const;
const write = { act: "write", on: "post" } as const;
const decide = { act: "decide", on: "post" } as const;
const answer = { act: "decide", on: "delivery" } as const;
const stop = { act: "stop", on: "any account" } as const;
const manage = { act: "manage", on: "newsroom" } as const;

/** Every route of the editor and what it asks. A route that is not in this table lets nobody in. */
export const ACCESS: Readonly<Record<string, Access>> = {
  "GET /sign-in": "open",
  "POST /sign-in": "open",
  "GET /sign-in/code": "open",
  "POST /sign-in/code": "open",
  "GET /sign-in/:token": "open",
  "POST /sign-in/:token": "open",
  "GET /invitations/:token": "open",
  "POST /invitations/:token": "open",
  "GET /assets/:version/*": "open",

  "POST /sign-out": "signed in",
  "GET /live": "signed in",
  "GET /": "signed in",
  "POST /me/shortcuts": "signed in",
  "POST /me/lang": "signed in",
  "GET /me": "signed in",
  "POST /me/password": "signed in",
  "POST /me/email": "signed in",
  "GET /me/totp": "signed in",
  "GET /me/totp.svg": "signed in",
  "POST /me/totp": "signed in",
  "POST /me/totp/confirmation": "signed in",
  "POST /me/totp/removal": "signed in",
  "POST /me/recovery-codes": "signed in",
  "POST /me/sessions/others/end": "signed in",
  "POST /me/sessions/:id/end": "signed in",

  "GET /posts": see,
  "GET /timeline": see,
  "GET /articles": see,
  "GET /articles/:id": see,
  "GET /links": see,
  "GET /accounts": see,
  "GET /sources": see,
  "GET /history": see,
  "GET /posts/:id": seePost,
  "GET /posts/:id/edit": write,
  "GET /posts/:id/newer": write,
  "POST /posts/:id/revisions": write,
  "POST /posts/:id/parts": write,
  "POST /posts/:id/removal": write,
  "POST /posts/:id/reshares": write,
  "POST /posts/:id/corrections": write,
  "POST /posts/:id/approval": decide,
  "POST /posts/:id/rejection": decide,
  "POST /posts/:id/hold": decide,
  "POST /posts/:id/schedule": decide,
  "POST /posts/:id/release": decide,
  "POST /deliveries/:id/answer": answer,
  "POST /deliveries/:id/retry": answer,
  "POST /deliveries/:id/drop": answer,
  // What came in a flood is let through to every account's rules.
  "POST /sources/:id/held": { act: "decide", on: "newsroom" },
  "POST /accounts/:id/rehearsal": { act: "decide", on: "account" },
  // From there on its followers see what is sent.
  "POST /accounts/:id/rehearsal/end": { act: "manage", on: "account" },
  "POST /hold/end": { act: "decide", on: "newsroom" },
  "POST /pause": stop,
  "POST /resume": stop,

  "GET /accounts/connect": manage,
  "POST /accounts/connect": manage,
  "GET /accounts/:id/connect": manage,
  "POST /accounts/:id/connect": manage,
  "GET /connect/:network/callback": manage,
  "GET /accounts/connections/:id": manage,
  "POST /accounts/connections/:id/confirmation": manage,
  "POST /accounts/connections/:id/refusal": manage,

  "GET /people": manage,
  "POST /people/invitations": manage,
  "POST /people/invitations/:id/revocation": manage,
  "GET /people/:id": manage,
  "POST /people/:id/rights": manage,
  "POST /people/:id/disabled": manage,
  "POST /people/:id/sign-in-link": manage,
  "POST /people/:id/totp-removal": manage,
};

/** - absent: for them it does not exist; - refused: their role may not; - totp: their role may, once a code is asked of them */
export type Answer = "granted" | "absent" | "refused" | "totp";

/** Whether a person may use a route, about what its id names. */
export async function accessOf(db: Db, access: Exclude<Access, "open">, person: Person, id: string): Promise<Answer> {
  if (access === "signed in") return "granted";
  const { act, on } = access;
  if (on === "newsroom") return granted(may(person, act), act, person);
  if (on === "any account") return granted(mayAnywhere(person, act), act, person);
  const account = await accountOf(db, on, id);
  if (account === undefined || !may(person, "see", account)) return "absent";
  return granted(may(person, act, account), act, person);
}

/** Whether somebody decides, here and now: about an account's posts, or without one about the newsroom. */
export function mayDecide(person: Person, accountId?: string): boolean {
  return granted(may(person, "decide", accountId), "decide", person) === "granted";
}

/** Whether somebody manages an account, here and now. */
export function mayManage(person: Person | null, accountId: string): boolean {
  return person !== null && granted(may(person, "manage", accountId), "manage", person) === "granted";
}

/** Deciding and managing ask for a second factor as soon as an account is out of rehearsal. Stopping never waits for one. */
const NEEDS_TOTP: readonly Act[] = ["decide", "manage"];

function granted(allowed: boolean, act: Act, person: Person): Answer {
  if (!allowed) return "refused";
  return person.needsTotp && NEEDS_TOTP.includes(act) ? "totp" : "granted";
}

const ACCOUNT_OF = {
  account: "select id as account_id from slugline.account where id = $1",
  post: "select account_id from slugline.post where id = $1",
  delivery: "select account_id from slugline.delivery where id = $1",
} as const;

async function accountOf(db: Db, on: keyof typeof ACCOUNT_OF, id: string): Promise<string | undefined> {
  const { rows } = await db.query<{ account_id: string }>(ACCOUNT_OF[on], [id]);
  return rows[0]?.account_id;
}
