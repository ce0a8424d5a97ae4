import type { PoolConfig } from "pg";
import { silentLog } from "../../../src/lib/log.ts";
import { poolOn, type OpenStore } from "../../../src/store/open.ts";

/** Every actor of a run may hold a connection while it waits at the gate, and whoever watches needs some too. */
const CONNECTIONS = 60;

/** A store for runs on a migrated database that nothing else uses: each run empties it and sets its clock. */
export function openRunStore(connection: PoolConfig): Promise<OpenStore> {
  return poolOn(connection, { log: silentLog, max: CONNECTIONS, whenClosed: async () => undefined });
}
