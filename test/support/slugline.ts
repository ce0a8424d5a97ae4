import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A whole Slugline as a user starts it, in a folder of its own. */
export interface Running {
  readonly url: string;
  readonly shortUrl: string;
  readonly healthUrl: string;
  readonly pid: number;
  /** From the start of the command to the first line that says where it is, in milliseconds. */
  readonly readyMs: number;
  /** Proportional set size of it and its Postgres, in bytes. */
  memory(): Promise<number>;
  /** Asks it to stop, and answers with its exit code once it has. */
  stop(): Promise<number | null>;
  /** SIGKILL, as by a power button; its Postgres lives on, as it does for a user. */
  kill(): Promise<void>;
}

export async function tempFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "slugline bench "));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export async function startSlugline(
  folder: string,
  it: { newsroom?: string; env?: Record<string, string>; ports?: Ports; roles?: string } = {},
): Promise<Running> {
  const [port, redirect, health] = it.ports ?? (await freePorts());
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DATA_DIR: join(folder, "data"),
    LOG_LEVEL: "error",
    ...it.env,
  };
  Object.assign(env, { PORT: String(port), REDIRECT_PORT: String(redirect), HEALTH_PORT: String(health) });
  if (it.newsroom !== undefined) {
    await writeFile(join(folder, "newsroom.yaml"), it.newsroom);
    env.SLUGLINE_CONFIG = join(folder, "newsroom.yaml");
  }
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, "bin/slugline.js"), "start", ...(it.roles ? ["--role", it.roles] : [])], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const readyMs = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on(
      "line",
      (line) => line.startsWith("Health") && resolve(performance.now() - began),
    );
    child.once("exit", (code) => reject(new Error(`it ended with ${code} before it was ready`)));
  });
  return {
    url: `http://localhost:${port}`,
    shortUrl: `http://127.0.0.1:${redirect}`,
    healthUrl: `http://127.0.0.1:${health}`,
    pid: child.pid!,
    readyMs,
    memory: () => treeMemory(child.pid!, join(folder, "data")),
    async stop() {
      child.kill("SIGTERM");
      return ended;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Of the editor, of short links, of health. */
export type Ports = readonly [number, number, number];

export function freePorts(): Promise<Ports> {
  return Promise.all([freePort(), freePort(), freePort()]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Our process, its children, and the Postgres of its data folder, which is a process of its own. */
async function treeMemory(pid: number, data: string): Promise<number> {
  const parents = new Map<number, number>();
  const roots = new Set([pid]);
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const [stat, line] = await Promise.all([
      readFile(`/proc/${name}/stat`, "utf8").catch(() => ""),
      readFile(`/proc/${name}/cmdline`, "utf8").catch(() => ""),
    ]);
    parents.set(Number(name), Number(/\) \S (\d+)/.exec(stat)?.[1] ?? 0));
    if (line.includes(data)) roots.add(Number(name));
  }
  let sum = 0;
  for (const one of parents.keys()) {
    let at: number | undefined = one;
    while (at && !roots.has(at)) at = parents.get(at);
    if (!at) continue;
    const rollup = await readFile(`/proc/${one}/smaps_rollup`, "utf8").catch(() => "");
    sum += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
  }
  return sum;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
