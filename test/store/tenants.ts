import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { afterAll } from "vitest";
import { silentLog } from "../../src/lib/log.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { openEmbedded, type Embedded } from "../../src/store/embedded.ts";
import { findPostmaster } from "../../src/store/postmaster.ts";
import { scratchFolder } from "../support/scratch.ts";

/** What a process says of the Postgres it opened, or why it could not. */
interface Answer {
  readonly socketDir?: string;
  readonly code?: string;
  readonly message?: string;
}

export const script = join(projectRoot, "test/support/tenant-process.ts");

/** A folder for data folders, and processes that open them; all of it goes when the file is done. */
export async function tenants() {
  const scratch = await scratchFolder("slugline-embedded-");
  const children: ChildProcess[] = [];
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    for (const name of await readdir(scratch, { recursive: true })) {
      if (!name.endsWith("postmaster.pid")) continue;
      const pid = Number((await readFile(join(scratch, name), "utf8")).split("\n", 1)[0]);
      if (await findPostmaster(join(scratch, name, ".."))) process.kill(pid, "SIGKILL");
    }
    await rm(scratch, { recursive: true, force: true });
  });

  /** Starts the script, possibly through other commands, and waits for its one line. */
  async function tenant(
    dataDir: string,
    role: "start" | "cli" = "start",
    through: readonly string[] = [],
    options: SpawnOptions = {},
  ) {
    const [command = "", ...rest] = [...through, process.execPath, script, dataDir, role];
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"], ...options });
    children.push(child);
    const lines = createInterface({ input: child.stdout! });
    const line = await Promise.race([once(lines, "line").then(([text]) => String(text)), once(child, "exit").then(() => "{}")]);
    return { child, answer: JSON.parse(line) as Answer };
  }
  return { scratch, tenant };
}

export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, "exit");
  child.kill(signal);
  await exit;
}

export async function ask<Row extends pg.QueryResultRow>(embedded: Pick<Embedded, "connection">, sql: string): Promise<Row[]> {
  const client = new pg.Client(embedded.connection);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

export const start = (dataDir: string) => openEmbedded({ dataDir, log: silentLog, role: "start" });
export const pidIn = async (dataDir: string) => (await findPostmaster(join(dataDir, "postgres")))?.pid;
