import { Fault, reasonOf } from "../../lib/fault.ts";
import { text, webAddress } from "../../lib/json.ts";
import { OutboundError } from "../../lib/outbound/error.ts";
import { say } from "../../lib/say.ts";
import type { Outcome } from "../network.ts";
import type { Reply } from "./ask.ts";

/** What a request that changes something came to (DESIGN R2): only a 4xx, other than 408, says that it did nothing. */
export function outcomeOf(reply: Reply): Outcome {
  const { status, json, told, later } = reply;
  if (status >= 200 && status < 300) {
    const id = text(json, "id");
    return id === null
      ? { kind: "unknown", why: say`The answer (${status}) could not be read.` }
      : { kind: "posted", id, url: webAddress(json, "url") };
  }
  if (status === 401 || status === 403) return { kind: "locked-out", why: say`The account may not post (${status}): ${told}` };
  if (status === 429) return { kind: "busy", why: say`The server asks to wait (429): ${told}`, ...later };
  if (status >= 300 && status < 400)
    return { kind: "unknown", why: say`The server pointed elsewhere (${status}); what became of the request it did not say.` };
  if (status >= 400 && status < 500 && status !== 408)
    return { kind: "refused", why: say`The server refused it (${status}): ${told}` };
  return { kind: "unknown", why: say`The server failed (${status}).`, ...(status === 503 ? later : {}) };
}

/** What a request that brought no answer came to. */
export function outcomeOfError(error: unknown): Outcome {
  const why = reasonOf(error);
  if (error instanceof OutboundError && error.sent === "maybe") return { kind: "unknown", why };
  if (error instanceof Fault && error.code === "SECRET_MISSING") return { kind: "locked-out", why };
  return error instanceof Fault ? { kind: "busy", why } : { kind: "unknown", why };
}
