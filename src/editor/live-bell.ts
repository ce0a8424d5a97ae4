import type { PoolConfig } from "pg";
import type { Log } from "../lib/log.ts";
import { listen } from "../store/listen.ts";
import type { LiveBell } from "./deps.ts";

/** Rings for whoever watches the editor whenever the history grows or clicks are counted, in whichever process. */
export async function createLiveBell(connection: PoolConfig, log: Log): Promise<LiveBell & AsyncDisposable> {
  const rings = new Set<() => void>();
  const all = () => rings.forEach((ring) => ring());
  const listener = await listen(connection, ["slugline_event"], all, log, all);
  return {
    subscribe(ring) {
      rings.add(ring);
      return () => rings.delete(ring);
    },
    [Symbol.asyncDispose]: () => listener.close(),
  };
}
