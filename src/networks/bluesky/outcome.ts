import { Fault, reasonOf } from "../../lib/fault.ts";
import { OutboundError } from "../../lib/outbound/error.ts";
import { say } from "../../lib/say.ts";
import type { Found, Outcome } from "../network.ts";
import type { Reply } from "./ask.ts";

/** What came of something instead of what was wanted. */
export type Failed = Exclude<Outcome, { kind: "posted" }>;

/** Names of XRPC errors after which only a person can help. */
const LOCKED_OUT = new Set([
  "AuthenticationRequired",
  "AuthMissing",
  "AuthFactorTokenRequired",
  "AccountTakedown",
  "AccountSuspended",
  "AccountDeactivated",
  "ExpiredToken",
  "InvalidToken",
]);

/** What a call that failed came to: only a 4xx, other than 408, says that it did nothing. */
export function failed({ status, error, told, later }: Reply<unknown>): Failed {
  if (status >= 200 && status < 300) return { kind: "unknown", why: say`The answer (${status}) could not be read.` };
  if (status >= 300 && status < 400)
    return { kind: "unknown", why: say`The server pointed elsewhere (${status}); what became of the request it did not say.` };
  if (status < 400 || status >= 500 || status === 408)
    return { kind: "unknown", why: say`The server failed (${status}).`, ...(status === 503 ? later : {}) };
  if (status === 429) return { kind: "busy", why: say`The server asks to wait (429): ${told}`, ...later };
  if (status === 401 || status === 403 || LOCKED_OUT.has(error ?? ""))
    return { kind: "locked-out", why: say`The account may not post (${status}): ${told}` };
  // A blob that is not part of a record yet is swept away in time: it is uploaded anew.
  if (error === "BlobNotFound") return { kind: "busy", why: say`The server no longer has a picture of it (${status}): ${told}` };
  return { kind: "refused", why: say`The server refused it (${status}): ${told}` };
}

/** The same of a look. */
export function cannotLook({ kind, ...failed }: Failed): Found {
  return { ...failed, kind: "cannot-tell", lockedOut: kind === "locked-out" };
}

/** What a request that brought no answer came to. */
export function failedBy(error: unknown): Failed {
  const why = reasonOf(error);
  if (error instanceof OutboundError && error.sent === "maybe") return { kind: "unknown", why };
  if (error instanceof Fault && error.code === "SECRET_MISSING") return { kind: "locked-out", why };
  return error instanceof Fault ? { kind: "busy", why } : { kind: "unknown", why };
}
