import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { silentLog } from "../../src/lib/log.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { openEmbedded, type Embedded } from "../../src/store/embedded.ts";
import { findPostmaster } from "../../src/store/postmaster.ts";
import { scratchFolder } from "../support/scratch.ts";
import { until } from "../support/store.ts";

const script = join(projectRoot, "test/support/tenant-process.ts");
const isRoot = process.getuid?.() === 0;
const scratch = await scratchFolder("slugline-embedded-");
const children: ChildProcess[] = [];
/** In a folder private to root no other user can run what is installed there. */
const othersCan =
  isRoot &&
  spawnSync("sh", ["-c", 'test -r "$0" && test -x "$1"', script, process.execPath], { uid: 65534, gid: 65534 }).status === 0;
if (isRoot && !othersCan) console.log("Skipped: this checkout is private to root, so no other user can run its Postgres.");
const canMount = isRoot && spawnSync("unshare", ["--mount", "true"]).status === 0;

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const name of await readdir(scratch, { recursive: true })) {
    if (!name.endsWith("postmaster.pid")) continue;
    const pid = Number((await readFile(join(scratch, name), "utf8")).split("\n", 1)[0]);
    if (await findPostmaster(join(scratch, name, ".."))) process.kill(pid, "SIGKILL");
  }
  await rm(scratch, { recursive: true, force: true });
});

interface Answer {
  readonly socketDir?: string;
  readonly code?: string;
  readonly message?: string;
}

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

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, "exit");
  child.kill(signal);
  await exit;
}

async function ask<Row extends pg.QueryResultRow>(embedded: Pick<Embedded, "connection">, sql: string): Promise<Row[]> {
  const client = new pg.Client(embedded.connection);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

const start = (dataDir: string) => openEmbedded({ dataDir, log: silentLog, role: "start" });
const pidIn = async (dataDir: string) => (await findPostmaster(join(dataDir, "postgres")))?.pid;

describe.concurrent("The Postgres that Slugline brings", () => {
  test("outlives a killed start, and the next one takes it over with every row", async () => {
    const dataDir = join(scratch, "killed");
    const owner = await tenant(dataDir);
    const pid = await pidIn(dataDir);
    await ask(
      { connection: { host: owner.answer.socketDir!, user: "slugline", database: "postgres" } },
      "create table story as select 'kept' as state",
    );
    await end(owner.child, "SIGKILL");
    expect(await pidIn(dataDir)).toBe(pid);
    const next = await start(dataDir);
    expect(await pidIn(dataDir)).toBe(pid);
    expect(await ask(next, "select state from story")).toEqual([{ state: "kept" }]);
    await next.stop();
    expect(await pidIn(dataDir)).toBeUndefined();
  });

  test("refuses a second start in a sentence, and lets commands in beside the first", async () => {
    const dataDir = join(scratch, "second");
    const first = await start(dataDir);
    const second = await tenant(dataDir);
    expect(second.answer).toMatchObject({ code: "DATA_IN_USE", message: expect.stringContaining(`process ${process.pid}`) });
    const command = await tenant(dataDir, "cli");
    expect(command.answer.socketDir).toBe(first.connection.host);
    await end(command.child, "SIGTERM");
    expect(await ask(first, "select 1 as up")).toEqual([{ up: 1 }]);
    await first.stop();
  });

  test("is started once by commands that come together, and the last to leave stops it", async () => {
    const dataDir = join(scratch, "together");
    const all = await Promise.all(Array.from({ length: 4 }, () => openEmbedded({ dataDir, log: silentLog, role: "cli" })));
    expect(new Set(all.map(({ connection }) => connection.host)).size).toBe(1);
    await all[0]!.stop();
    expect(await pidIn(dataDir)).toBeDefined();
    await Promise.all(all.slice(1).map((one) => one.stop()));
    expect(await pidIn(dataDir)).toBeUndefined();
  });

  test("comes back by itself, at the same place, when it is killed under a start", async () => {
    const dataDir = join(scratch, "revived");
    const embedded = await start(dataDir);
    await ask(embedded, "create table story as select 'kept' as state");
    const pid = await pidIn(dataDir);
    process.kill(pid!, "SIGKILL");
    const rows = await until(() => ask(embedded, "select state from story").catch(() => undefined));
    expect(rows).toEqual([{ state: "kept" }]);
    expect(await pidIn(dataDir)).not.toBe(pid);
    await embedded.stop();
  });

  test("is not confused by what a crash leaves: a pid that is now another program's, a half-made folder", async () => {
    const dataDir = join(scratch, "leftovers");
    await mkdir(join(dataDir, "postgres.new-999999999-abc"), { recursive: true });
    await (await start(dataDir)).stop();
    expect(await readdir(dataDir)).toEqual(["postgres", "postgres.log", "postgres.socket"]);
    await writeFile(
      join(dataDir, "postgres/postmaster.pid"),
      `${process.pid}\n${dataDir}/postgres\n1\n5432\n/tmp/nowhere\n\n\nready\n`,
    );
    const embedded = await start(dataDir);
    expect(await ask(embedded, "select 1 as up")).toEqual([{ up: 1 }]);
    await embedded.stop();
  });

  test("lives in a folder with spaces and a long name, by a socket only we reach, out of Ctrl-C's way", async () => {
    const dataDir = join(scratch, "the newsroom's own data", "x".repeat(150));
    const owner = await tenant(dataDir, "start", [], { detached: true });
    const pid = await pidIn(dataDir);
    expect((await stat(owner.answer.socketDir!)).mode & 0o777).toBe(0o700);
    const exit = once(owner.child, "exit");
    process.kill(-owner.child.pid!, "SIGINT");
    await exit;
    expect(await pidIn(dataDir)).toBe(pid);
    await (await start(dataDir)).stop();
  });
});

describe("A folder that cannot be used is told in a sentence:", () => {
  test("a file in its place", async () => {
    await writeFile(join(scratch, "file"), "");
    await expect(start(join(scratch, "file"))).rejects.toMatchObject({
      code: "DATA_READ_ONLY",
      message: expect.stringContaining("file"),
    });
  });

  test.skipIf(isRoot)("read-only", async () => {
    const dataDir = join(scratch, "readonly");
    await mkdir(dataDir);
    chmodSync(dataDir, 0o555);
    await expect(start(dataDir)).rejects.toMatchObject({ code: "DATA_READ_ONLY" });
  });

  const onMount = (options: string) => ["unshare", "--mount", "sh", "-c", `mount -t tmpfs -o ${options} none "$0" && exec "$@"`];

  test.skipIf(!canMount).each([
    ["a read-only disk", "ro,size=1m", "DATA_READ_ONLY"],
    ["a full disk", "size=16m", "DISK_FULL"],
  ])("%s", async (name, options, code) => {
    const dataDir = join(scratch, name);
    await mkdir(dataDir);
    const { answer } = await tenant(dataDir, "start", [...onMount(options), dataDir]);
    expect(answer).toMatchObject({ code, message: expect.stringContaining(name) });
  });
});

describe.skipIf(!isRoot)("Postgres refuses to run as root, so it runs", () => {
  test.skipIf(!othersCan)("as a plain user when Slugline does", async () => {
    const dataDir = join(scratch, "plain");
    await mkdir(dataDir);
    chmodSync(scratch, 0o755);
    chownSync(dataDir, 65534, 65534);
    const { child, answer } = await tenant(dataDir, "start", [], { uid: 65534, gid: 65534 });
    expect(answer.code).toBeUndefined();
    expect((await stat(join(dataDir, "postgres"))).uid).toBe(65534);
    await end(child, "SIGTERM");
    const asRoot = await start(dataDir);
    expect(await ask(asRoot, "select 1 as up")).toEqual([{ up: 1 }]);
    await asRoot.stop();
  });

  // As in a container that bars user namespaces: the command that would make one is not to be had.
  const barred = ["unshare", "--mount", "sh", "-c", 'mount --bind /dev/null "$(command -v unshare)" && exec "$@"', "sh"];

  test.skipIf(!canMount || !othersCan)("as another user where namespaces are barred", async () => {
    chmodSync(scratch, 0o755);
    const dataDir = join(scratch, "other");
    const { child, answer } = await tenant(dataDir, "start", barred);
    expect(answer.code).toBeUndefined();
    expect((await stat(join(dataDir, "postgres"))).uid).not.toBe(0);
    await end(child, "SIGTERM");
  });

  test.skipIf(!canMount)("or says what to do where no other user reaches its folder", async () => {
    const dataDir = join(scratch, "private", "data");
    await mkdir(join(scratch, "private"), { mode: 0o700 });
    const { answer } = await tenant(dataDir, "start", barred);
    expect(answer).toMatchObject({ code: "ROOT_CANNOT_RUN", message: expect.stringContaining("DATABASE_URL") });
  });
});
