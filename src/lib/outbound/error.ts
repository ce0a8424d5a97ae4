import { Fault, codeOf, sentenceOf } from "../fault.ts";
import { say } from "../say.ts";

/**
 * A request that brought no usable answer. `sent` is what a delivery lives by:
 * - `no`: not one byte of the request was written (no name, refused, blocked, TLS, too late), so it did not happen
 * - `maybe`: writing had begun, so the other side may have acted on it
 *
 * Codes: `OUTBOUND_BAD_URL`, `OUTBOUND_BLOCKED`, `OUTBOUND_NAME_NOT_FOUND`, `OUTBOUND_REFUSED`, `OUTBOUND_TLS`,
 * `OUTBOUND_CONNECT_TIMEOUT`, `OUTBOUND_CONNECT`, `OUTBOUND_ABORTED`, `OUTBOUND_TIMEOUT`, `OUTBOUND_BROKEN`,
 * `OUTBOUND_TOO_LARGE`, `OUTBOUND_ENCODING`, `OUTBOUND_REDIRECT`; a Fault thrown by `beforeWrite` keeps its own code.
 *
 * Sentences name the host only: a path or query may hold a secret (Telegram's does).
 */
export class OutboundError extends Fault {
  readonly sent: "no" | "maybe";

  constructor(code: string, sent: "no" | "maybe", sentence: string, detail: Record<string, unknown> = {}, cause?: unknown) {
    super(code, sentence, detail, cause);
    this.name = "OutboundError";
    this.sent = sent;
  }
}

const NO_NAME = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "EAI_NONAME", "ENODATA"]);

/** A failure to look a name up or to open a connection, named. Nothing of a request can have been written yet. */
export function connectFault(error: unknown, where: string): OutboundError {
  if (error instanceof OutboundError) return error;
  const code = codeOf(error) ?? "";
  const told = (named: string, sentence: string) => new OutboundError(named, "no", sentence, { where, cause: code }, error);
  if (NO_NAME.has(code)) return told("OUTBOUND_NAME_NOT_FOUND", say`The name of ${where} was not found.`);
  if (code === "ECONNREFUSED") return told("OUTBOUND_REFUSED", say`${where} refused the connection.`);
  if (code === "ETIMEDOUT" || code === "UND_ERR_CONNECT_TIMEOUT")
    return told("OUTBOUND_CONNECT_TIMEOUT", say`${where} did not take the connection in time.`);
  return told("OUTBOUND_CONNECT", say`${where} could not be connected to: ${sentenceOf(error)}`);
}

/** Whatever broke once writing had begun. */
export function brokenFault(error: unknown, where: string): OutboundError {
  if (error instanceof OutboundError) return error;
  return new OutboundError(
    "OUTBOUND_BROKEN",
    "maybe",
    say`${where} broke off: ${sentenceOf(error)}`,
    { where, cause: codeOf(error) },
    error,
  );
}

export function blocked(where: string, why: string): OutboundError {
  return new OutboundError(
    "OUTBOUND_BLOCKED",
    "no",
    say`${where} may not be reached: ${why}. If it is meant, add it to outbound.allow.`,
    { where },
  );
}
