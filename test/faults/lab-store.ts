import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PoolConfig } from "pg";
import { silentLog } from "../../src/lib/log.ts";
import { openEmbedded } from "../../src/store/embedded.ts";
import { migrate } from "../../src/store/migrate.ts";
import { poolOn } from "../../src/store/open.ts";

export interface LabStore extends AsyncDisposable {
  /** A migrated database. */
  readonly connection: PoolConfig;
}

/** A Postgres of the laboratory's own in a folder that goes with it; what a run wrote is judged at once, so it need not sync. */
export async function openLabStore(): Promise<LabStore> {
  const dataDir = await mkdtemp(join(tmpdir(), "slugline-lab-"));
  const settings = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "100" };
  const embedded = await openEmbedded({ dataDir, log: silentLog, role: "start", settings });
  const close = async () => {
    await embedded.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const store = await poolOn(embedded.connection, { log: silentLog, max: 1, whenClosed: async () => undefined });
    await migrate(store, silentLog).finally(() => store.close());
  } catch (error) {
    await close();
    throw error;
  }
  return { connection: embedded.connection, [Symbol.asyncDispose]: close };
}
