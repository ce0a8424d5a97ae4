/**
 * The stand-in as a process of its own, so that it survives when ours is killed: `node test/support/mastodon-process.ts PORT`
 * (0 or none: any free port). It prints one line of JSON, `{"url":...,"port":...,"token":...}`, and answers beside Mastodon's paths:
 * - `GET /__state`: `{accepted, pictures, requests}` (requests without headers and bodies)
 * - `POST /__fault` `{fault, times?, call?}`: see WireFault and MastodonCall
 * - `POST /__set` `{lagMs?, lagReads?, advanceMs?, expireKeys?, clearFaults?}`
 * Ends by SIGTERM, or with its parent when forked with an IPC channel.
 */
import { startMastodon } from "./mastodon.ts";
import type { MastodonCall } from "./mastodon-faults.ts";
import type { WireFault } from "./wire.ts";

interface Control {
  readonly fault?: WireFault;
  readonly times?: number;
  readonly call?: MastodonCall | "any";
  readonly lagMs?: number;
  readonly lagReads?: number;
  readonly advanceMs?: number;
  readonly expireKeys?: boolean;
  readonly clearFaults?: boolean;
}

const standIn = await startMastodon({ port: Number(process.argv[2] ?? 0), rateLimit: 1_000_000, control });

function control(path: string, body: Buffer): object {
  const asked = body.length === 0 ? {} : (JSON.parse(body.toString()) as Control);
  if (path === "/__state") {
    const requests = standIn.requests.map(({ method, path: asked, at }) => ({ method, path: asked, at }));
    return { accepted: standIn.accepted, pictures: standIn.pictures, requests };
  }
  if (path === "/__fault" && asked.fault !== undefined) standIn.next(asked.fault, asked.times, asked.call);
  if (asked.lagMs !== undefined) standIn.lagMs = asked.lagMs;
  if (asked.lagReads !== undefined) standIn.lagReads = asked.lagReads;
  if (asked.advanceMs !== undefined) standIn.advance(asked.advanceMs);
  if (asked.expireKeys) standIn.expireKeys();
  if (asked.clearFaults) standIn.clearFaults();
  return { ok: true };
}

process.stdout.write(`${JSON.stringify({ url: standIn.url, port: standIn.port, token: standIn.token })}\n`);

const stop = () => void standIn.close().then(() => process.exit(0));
process.on("SIGTERM", stop).on("disconnect", stop);
