/**
 * The stand-in as a process of its own, so that it survives when ours is killed: `node test/support/x-process.ts PORT`
 * (0 or none: any free port). It prints one line of JSON, `{"url":...,"port":...,"keys":{...}}`, and answers beside X's paths:
 * - `GET /__state`: `{accepted, pictures, violations, requests}` (requests without headers and bodies)
 * - `POST /__fault` `{fault, times?, call?}`: see WireFault and XCall
 * - `POST /__set` `{lagReads?, duplicateMs?, credits?, usageCapped?, advanceMs?, clearFaults?}`
 * Ends by SIGTERM, or with its parent when forked with an IPC channel.
 */
import type { WireFault } from "./wire.ts";
import type { XCall } from "./x-faults.ts";
import { startX, X_KEYS, type XStandIn } from "./x.ts";

interface Control extends Partial<Pick<XStandIn, "lagReads" | "duplicateMs" | "credits" | "usageCapped">> {
  readonly fault?: WireFault;
  readonly times?: number;
  readonly call?: XCall | "any";
  readonly advanceMs?: number;
  readonly clearFaults?: boolean;
}

const plenty = { quarter: 1_000_000, appDay: 1_000_000, userDay: 1_000_000 };
const standIn = await startX({ port: Number(process.argv[2] ?? 0), limits: plenty, control });

function control(path: string, body: Buffer): object {
  const { fault, times, call, advanceMs, clearFaults, ...set } =
    body.length === 0 ? ({} as Control) : (JSON.parse(body.toString()) as Control);
  if (path === "/__state") {
    const { accepted, pictures, violations } = standIn;
    return { accepted, pictures, violations, requests: standIn.requests.map(({ method, path, at }) => ({ method, path, at })) };
  }
  if (path === "/__fault" && fault !== undefined) standIn.next(fault, times, call);
  if (path === "/__set") Object.assign(standIn, set);
  if (advanceMs !== undefined) standIn.advance(advanceMs);
  if (clearFaults) standIn.clearFaults();
  return { ok: true };
}

process.stdout.write(`${JSON.stringify({ url: standIn.url, port: standIn.port, keys: X_KEYS })}\n`);

const stop = () => void standIn.close().then(() => process.exit(0));
process.on("SIGTERM", stop).on("disconnect", stop);
