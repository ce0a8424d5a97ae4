import { existsSync, readFileSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { silentLog } from "../../src/lib/log.ts";
import { openEmbedded } from "../../src/store/embedded.ts";
import { migrate } from "../../src/store/migrate.ts";
import { poolOn } from "../../src/store/open.ts";
import { scratchFolder } from "./scratch.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the run's one Postgres listens. */
    postgres: { readonly host: string; readonly port: number; readonly user: string };
  }
}

/** The migrated database that each test file's own is copied from. */
export const template = "slugline_template";

/** One Postgres for the whole run, in a folder of its own; it forgets everything afterwards, so it need not sync. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await scratchFolder("slugline-test-");
  const quick = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "200", autovacuum: "off" };
  const embedded = await openEmbedded({ dataDir, log: silentLog, role: "start", settings: quick });
  const { host = "", port = 0, user = "" } = embedded.connection;
  const close = async () => {
    await embedded.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  // Ctrl-C does not reach it, since it is a process group of its own, and Vitest then exits without a teardown.
  process.once("exit", () => endAtOnce(dataDir));
  try {
    await prepareTemplate(embedded.connection);
  } catch (error) {
    await close();
    throw error;
  }
  project.provide("postgres", { host, port, user });
  return close;
}

/** What a teardown has not ended. */
function endAtOnce(dataDir: string): void {
  const file = join(dataDir, "postgres/postmaster.pid");
  if (!existsSync(file)) return;
  process.kill(Number.parseInt(readFileSync(file, "utf8"), 10), "SIGQUIT");
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

async function prepareTemplate(connection: object): Promise<void> {
  const options = { log: silentLog, max: 1, whenClosed: async () => undefined };
  const server = await poolOn(connection, options);
  await server.query(`create database ${template}`);
  await server.close();
  const store = await poolOn({ ...connection, database: template }, options);
  await migrate(store, silentLog).finally(() => store.close());
}
