import { execFile, spawn } from "node:child_process";
import { open, readFile, readlink, rename, stat, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { codeOf, Fault } from "../lib/fault.ts";
import { systemClock } from "../lib/time.ts";
import type { Binaries } from "./binaries.ts";
import type { Identity } from "./identity.ts";

/** A running Postgres, as its own `postmaster.pid` tells. */
export interface Postmaster {
  readonly pid: number;
  readonly socketDir: string;
  readonly port: number;
  /** False while it starts, recovers or stops. */
  readonly ready: boolean;
}

/** What it takes to start one. */
export interface Launch {
  /** The cluster's folder, as its real path. */
  readonly cluster: string;
  readonly socketDir: string;
  readonly logFile: string;
  readonly identity: Identity;
  readonly binaries: Binaries;
  readonly settings: Readonly<Record<string, string>>;
}

/** Any port number does: it only names the socket file. */
const PORT = 5432;
const POLL_MS = 5;
const READY_WITHIN_MS = 300_000;
const FAST_STOP_WITHIN_MS = 30_000;
const LOG_LIMIT_BYTES = 5_000_000;
/** Another start won the race, or the children of a postmaster that was killed are not all gone yet: look again. */
const TAKEN = /lock file "postmaster\.pid" already exists|pre-existing shared memory block/;

/** The Postgres that runs on this cluster, whoever started it; undefined when none does. */
export async function findPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const file = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  // Postgres' src/include/utils/pidfile.h: pid, data folder, start time, port, socket folder, address, shm, status.
  const [pid, , , port, socketDir, , , status] = file.split("\n");
  if (!pid || !port || !socketDir || !(await runs(Number(pid), cluster))) return undefined;
  return { pid: Number(pid), socketDir, port: Number(port), ready: status?.startsWith("ready") ?? false };
}

/**
 * Starts Postgres in a session of its own, so that a terminal's Ctrl-C does not reach it, and waits until it is ready.
 *
 * @returns undefined when another process started one on the same cluster first
 * @throws Fault PG_DIED, PG_VERSION_MISMATCH, DISK_FULL, DATA_READ_ONLY
 */
export async function launch(how: Launch): Promise<Postmaster | undefined> {
  await forgetStranger(how.cluster);
  if (((await stat(how.logFile).catch(() => undefined))?.size ?? 0) > LOG_LIMIT_BYTES)
    await rename(how.logFile, `${how.logFile}.1`);
  const out = await open(how.logFile, "a", 0o600);
  try {
    const from = (await out.stat()).size;
    const settings = { ...how.settings, port: String(PORT), unix_socket_directories: how.socketDir };
    const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const [command = "", ...rest] = [...how.identity.prefix, how.binaries.postgres, "-D", how.cluster, ...options];
    const child = spawn(command, rest, {
      ...how.identity.ids,
      env: how.binaries.env,
      cwd: "/",
      detached: true,
      stdio: ["ignore", out.fd, out.fd],
    });
    let ended = false;
    child.once("exit", () => (ended = true)).once("error", () => (ended = true));
    child.unref();
    for (const until = performance.now() + READY_WITHIN_MS; performance.now() < until; await systemClock.sleep(POLL_MS)) {
      const found = await findPostmaster(how.cluster);
      if (found?.ready && found.pid === child.pid) return found;
      if (!ended) continue;
      const said = (await readFile(how.logFile, "utf8").catch(() => "")).slice(from);
      if (found || TAKEN.test(said)) return undefined;
      throw whyDied(how, said);
    }
    throw new Fault("PG_DIED", `Postgres was not ready within ${READY_WITHIN_MS / 1000} s. Its log is ${how.logFile}.`, {
      logFile: how.logFile,
    });
  } finally {
    await out.close();
  }
}

/** Asks it to stop at once (open transactions are rolled back), and waits until it has. */
export async function stopPostmaster(postmaster: Postmaster, cluster: string): Promise<void> {
  signal(postmaster.pid, "SIGINT");
  if (await gone(postmaster, cluster, FAST_STOP_WITHIN_MS)) return;
  // Still durable: the next start recovers from the log, as after a power cut.
  signal(postmaster.pid, "SIGQUIT");
  await gone(postmaster, cluster, FAST_STOP_WITHIN_MS);
}

async function gone(postmaster: Postmaster, cluster: string, withinMs: number): Promise<boolean> {
  for (const until = performance.now() + withinMs; performance.now() < until; await systemClock.sleep(POLL_MS)) {
    if (!(await runs(postmaster.pid, cluster))) return true;
  }
  return false;
}

/** Whether its programs were replaced under it (an upgrade), so that it can no longer load its libraries. */
export async function isOutdated(postmaster: Postmaster): Promise<boolean> {
  const program = await readlink(`/proc/${postmaster.pid}/exe`).catch(() => "");
  return program.endsWith(" (deleted)");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}

/** Whether a process of that pid exists, whatever it is and whoever runs it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Whether that process is a Postgres on this cluster: pids are used again, and in containers soon. */
async function runs(pid: number, cluster: string): Promise<boolean> {
  const words = await commandOf(pid);
  return (
    words.some((word) => basename(word) === "postgres") && words.some((word, at) => words[at - 1] === "-D" && word === cluster)
  );
}

async function commandOf(pid: number): Promise<string[]> {
  if (process.platform === "linux") return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  const shown = await promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(() => undefined);
  const match = /^(.*\/postgres) -D (.*?) -c /.exec(shown?.stdout ?? "");
  return match?.[1] && match[2] ? [match[1], "-D", match[2]] : [];
}

/** Removes a `postmaster.pid` left by a crash whose pid is now another program's: Postgres itself would refuse to start. */
async function forgetStranger(cluster: string): Promise<void> {
  const file = join(cluster, "postmaster.pid");
  const pid = Number((await readFile(file, "utf8").catch(() => "")).split("\n", 1)[0]);
  if (!pid) return;
  const words = await commandOf(pid);
  if (words.length < 2) return;
  const folder = words[words.indexOf("-D") + 1] ?? "";
  const elsewhere = folder.startsWith("/") && (await inode(folder)) !== (await inode(cluster));
  const other = !words.some((word) => basename(word).startsWith("postgres"));
  if (other || elsewhere) await unlink(file).catch(() => undefined);
}

async function inode(path: string): Promise<string> {
  return stat(path).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => "gone",
  );
}

function whyDied(how: Launch, said: string): Fault {
  const sentence = `Postgres did not start: ${lastWords(said)} Its log is ${how.logFile}.`;
  return dataFault(said, how.cluster) ?? new Fault("PG_DIED", sentence, { logFile: how.logFile });
}

/** The line of Postgres' or initdb's output that tells what went wrong. */
export function lastWords(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const worst = lines.findLast((line) => /\b(FATAL|PANIC|error|could not)\b/.test(line)) ?? lines.at(-1) ?? "it said nothing.";
  return worst.replace(/^.*?(FATAL|PANIC): +/, "").trim();
}

/** The fault behind an error text or a system error about the data folder, where it is one a person can mend. */
export function dataFault(text: string, folder: string, cause?: unknown): Fault | undefined {
  if (/ENOSPC|No space left|EDQUOT|quota exceeded/i.test(text)) {
    return new Fault(
      "DISK_FULL",
      `The disk that holds ${folder} is full. Make room, or set DATA_DIR to a folder on another disk.`,
      { folder },
      cause,
    );
  }
  if (/EROFS|EACCES|EPERM|Read-only file system|Permission denied|Operation not permitted/.test(text)) {
    return new Fault(
      "DATA_READ_ONLY",
      `${folder} cannot be written. Set DATA_DIR to a folder that can, or change its rights.`,
      { folder },
      cause,
    );
  }
  if (/database files are incompatible/.test(text)) {
    const sentence = `${folder} was made by another version of Postgres than this one. Run the version of Slugline that made it, and move the data with backup and restore.`;
    return new Fault("PG_VERSION_MISMATCH", sentence, { folder, said: lastWords(text) }, cause);
  }
  if (/ENOTDIR|EEXIST|Not a directory/.test(text)) {
    return new Fault(
      "DATA_READ_ONLY",
      `${folder} cannot be made: a file is in its way. Set DATA_DIR to a folder.`,
      { folder },
      cause,
    );
  }
  return undefined;
}
