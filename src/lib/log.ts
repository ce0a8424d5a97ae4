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
  // Not pino's own destination: on a full disk that one keeps a process from ending. What cannot be written is lost.
  const destination = { write: (line: string) => void process.stderr.write(line) };
  return pino({ level, base: null, redact: { paths: REDACTED, censor: "[redacted]" } }, destination);
}

export const silentLog: Log = pino({ level: "silent" });
