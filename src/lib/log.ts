import { pino, type Logger } from "pino";

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error" | "child">;

/** Paths that can hold a secret. A canary test greps a whole run for what slips through. */
const REDACTED = ["token", "secret", "password", "authorization", "cookie"].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/**
 * A JSON logger on standard error, so that standard output stays for answers.
 *
 * @param level pino's: trace, debug, info, warn, error, silent
 */
export function createLog(level: string): Log {
  return pino({ level, base: null, redact: { paths: REDACTED, censor: "[redacted]" } }, pino.destination({ fd: 2, sync: false }));
}

export const silentLog: Log = pino({ level: "silent" });
