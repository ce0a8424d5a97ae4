import { rm } from "node:fs/promises";
import { silentLog } from "../../src/lib/log.ts";
import { openEmbedded } from "../../src/store/embedded.ts";
import { migrate } from "../../src/store/migrate.ts";
import { poolOn } from "../../src/store/open.ts";
import { scratchFolder } from "../support/scratch.ts";
import type { TestStore } from "../support/store.ts";

/** A Postgres for one test alone, as durable as a newsroom's, to be ended in the middle: it is started again by itself. */
export async function ownStore() {
  const dataDir = await scratchFolder("slugline-own-");
  const embedded = await openEmbedded({ dataDir, log: silentLog, role: "start", settings: { max_connections: "100" } });
  const { host = "", port = 0, user = "", database = "" } = embedded.connection;
  const opened = await poolOn(embedded.connection, { log: silentLog, max: 8, whenClosed: () => embedded.stop() });
  const close = async () => {
    await opened.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  await migrate(opened, silentLog).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const databaseUrl = `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
  const store: TestStore = { ...opened, databaseUrl, close };
  return { store, dataDir, [Symbol.asyncDispose]: close };
}
