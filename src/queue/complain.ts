import { codeOf, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";

const QUIET_MS = 30_000;

/**
 * A listener for `error` that says each code once in 30 seconds: a store that is away makes every connection
 * complain, many times a second. Only the sentence is logged; Redis' errors carry the password of a failed AUTH.
 */
export function complain(log: Log, clock: Clock, of: string): (error: unknown) => void {
  const said = new Map<string, number>();
  return (error) => {
    const code = codeOf(error) ?? sentenceOf(error);
    const now = clock.monotonic();
    if (now - (said.get(code) ?? -Infinity) < QUIET_MS) return;
    said.set(code, now);
    log.warn({ of, code: codeOf(error) }, sentenceOf(error));
  };
}
