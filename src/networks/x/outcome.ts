import { Fault, reasonOf } from "../../lib/fault.ts";
import { at, list, text } from "../../lib/json.ts";
import { OutboundError } from "../../lib/outbound/error.ts";
import { say } from "../../lib/say.ts";
import type { Account, Outcome } from "../network.ts";
import type { Reply } from "./ask.ts";

const CREDITS = "X wants to be paid first: buy credits, or raise the spending limit, at console.x.com. The post is sent then.";
const CAPPED = "The app's usage cap is reached: raise it at console.x.com, or wait for its next period. The post is sent then.";
const KEYS =
  "Make new keys at developer.x.com (your app, with Read and write; Keys and tokens) and set them: old ones do not learn new rights.";
const STATE = "Sign in at x.com as this account and see what X asks for; then look at the app's rights at developer.x.com.";

/** Old error codes that are about the words or pictures, not about the account: the same again would be refused again. */
const ABOUT_THE_POST = new Set([44, 186, 323, 324, 325, 385, 386, 407, 422, 433]);
const DUPLICATE = 187;
const DAILY_LIMIT = 185;

/** The sentences of a 403 that are about the words, the pictures or what is answered. */
const TOO_MUCH =
  /too long|cashtag|hashtag|media id|attachment|character limit|reply to a (?:tweet|post) that|reply to this conversation/i;

/** What a request that changes something came to (DESIGN R2): only a 4xx, other than 408, says that it did nothing. */
export function outcomeOf(account: Account, reply: Reply): Outcome {
  const { status, json, told, later } = reply;
  if (status >= 200 && status < 300) {
    const id = text(at(json, "data"), "id");
    return id === null
      ? { kind: "unknown", why: say`The answer (${status}) could not be read.` }
      : { kind: "posted", id, url: addressOf(account, id) };
  }
  if (reply.renewed)
    return { kind: "busy", why: "X took the access token no more. It is renewed, and the post is sent with the new one." };
  const stop = stopped(account, reply);
  if (stop !== null) return { kind: "locked-out", why: stop };
  if (status === 403) return forbidden(account, reply);
  if (status === 429) return { kind: "busy", why: say`X asks to wait (429): ${told}`, ...later };
  if (status >= 300 && status < 400)
    return { kind: "unknown", why: say`X pointed elsewhere (${status}); what became of the request it did not say.` };
  if (status >= 400 && status < 500 && status !== 408) return { kind: "refused", why: say`X refused it (${status}): ${told}` };
  return { kind: "unknown", why: say`X failed (${status}).`, ...(status === 503 ? later : {}) };
}

/** Why nothing of the account works until a person acts, with what to do; null when the answer does not say so. */
export function stopped(account: Account, { status, json, told, by }: Reply): string | null {
  const kind = kindOf(json);
  if (status === 402) return say`${told} ${CREDITS}`;
  if (status === 429 && (kind === "usage-capped" || text(json, "title") === "UsageCapExceeded")) return say`${told} ${CAPPED}`;
  if (status === 401 && by === "sign-in")
    return say`X does not accept the sign-in of ${account.name} (401): ${told} Connect the account anew in the editor, under Accounts.`;
  if (status === 401)
    return say`X does not accept the keys of ${account.name} (401): ${told} One is invalid or was revoked, or this machine's clock is wrong. ${KEYS}`;
  return null;
}

/** Whether X says that these words are there: evidence, by an earlier try or by hand, but no proof. Only looking can tell. */
export function isDuplicate({ status, json, told }: Reply): boolean {
  return status === 403 && (codesOf(json).includes(DUPLICATE) || /duplicate content|status is a duplicate/i.test(told));
}

function forbidden(account: Account, reply: Reply): Outcome {
  const { status, json, told } = reply;
  const codes = codesOf(json);
  if (isDuplicate(reply))
    return { kind: "unknown", why: say`X says that a post with these words is there already (403): ${told}` };
  if (codes.includes(DAILY_LIMIT)) return { kind: "busy", why: say`X takes no more posts of this account today (403): ${told}` };
  if (codes.some((code) => ABOUT_THE_POST.has(code)) || kindOf(json) === "disallowed-resource" || TOO_MUCH.test(told))
    return { kind: "refused", why: say`X refused it (${status}): ${told}` };
  return { kind: "locked-out", why: notAllowed(account, json, told) };
}

/** What a 403 that is not about one post asks a person to do. */
export function notAllowed(account: Account, json: unknown, told: string): string {
  const codes = codesOf(json);
  const kind = kindOf(json);
  const said = say`X does not let ${account.name} do this (403): ${told}`;
  if (kind === "client-forbidden") return say`${said} Put the app into a project with paid access at developer.x.com.`;
  if (kind === "not-authorized-for-resource" || kind === "unsupported-authentication" || codes.includes(261))
    return say`${said} ${KEYS}`;
  return say`${said} ${STATE}`;
}

/** What a request that brought no answer came to. */
export function outcomeOfError(error: unknown): Outcome {
  const why = reasonOf(error);
  if (error instanceof OutboundError && error.sent === "maybe") return { kind: "unknown", why };
  if (error instanceof Fault && ["SECRET_MISSING", "X_SERVER", "X_SIGNED_OUT", "X_TURNED_AWAY"].includes(error.code))
    return { kind: "locked-out", why };
  return error instanceof Fault ? { kind: "busy", why } : { kind: "unknown", why };
}

/** Where a reader finds it: x.com leads there by the id, whatever the name. */
export function addressOf({ handle }: Account, id: string): string {
  const name = /^@?(\w{1,15})$/.exec(handle ?? "")?.[1] ?? "i";
  return `https://x.com/${name}/status/${encodeURIComponent(id)}`;
}

/** The last part of a problem's type: `https://api.x.com/2/problems/usage-capped` and its older addresses. */
export function kindOf(problem: unknown): string {
  return /[#/]([a-z-]+)$/.exec(text(problem, "type") ?? "")?.[1] ?? "";
}

function codesOf(json: unknown): number[] {
  return list(json, "errors")
    .map((one) => at(one, "code"))
    .filter((code) => typeof code === "number");
}
