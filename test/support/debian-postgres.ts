import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { poolOn } from "../../src/store/open.ts";
import { silentLog } from "../../src/lib/log.ts";
import { until } from "./store.ts";

const VERSIONS = "/usr/lib/postgresql";

/** Where Debian's Postgres has its programs; undefined where it is not installed. */
function binaries(): string | undefined {
  const version = existsSync(VERSIONS) ? readdirSync(VERSIONS).toSorted().at(-1) : undefined;
  return version === undefined ? undefined : join(VERSIONS, version, "bin");
}

/** Why tests on Debian's Postgres are skipped; undefined where there is one. */
export const noPostgres = binaries() ? undefined : "no Postgres of Debian's (apt-get install postgresql)";

/** Debian's Postgres, a server of this test's own on a socket in a folder of its own. */
export async function startDebianPostgres() {
  const bin = binaries()!;
  const dir = await mkdtemp(join(tmpdir(), "pg-"));
  // It refuses to be root; Debian's package brings an account for it.
  const root = process.getuid?.() === 0;
  const idOf = (flag: string) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  const as = root ? { uid: idOf("-u"), gid: idOf("-g") } : {};
  if (root) chownSync(dir, as.uid!, as.gid!);
  const data = join(dir, "data");
  const made = spawnSync(join(bin, "initdb"), ["-D", data, "-U", "slugline", "-A", "trust", "--no-sync"], { ...as, cwd: dir });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const settings = ["listen_addresses=", `unix_socket_directories=${dir}`, "max_connections=200"].flatMap((one) => ["-c", one]);
  const start = () => spawn(join(bin, "postgres"), ["-D", data, ...settings], { ...as, cwd: dir, stdio: "ignore" });
  let server = start();
  const url = `postgres://slugline@localhost:5432/postgres?host=${encodeURIComponent(dir)}`;
  const pool = await until(async () =>
    poolOn(
      { host: dir, port: 5432, user: "slugline", database: "postgres" },
      { log: silentLog, max: 4, whenClosed: async () => undefined },
    ).catch(() => undefined),
  );
  async function end(how: NodeJS.Signals): Promise<void> {
    const gone = once(server, "exit");
    server.kill(how);
    await gone;
  }
  const { rows } = await pool.query<{ server_version: string }>("show server_version");
  return {
    url,
    version: rows[0]!.server_version,
    store: pool,
    /** `pg_ctl restart -m immediate`: every connection is cut off in the middle, and the next start recovers from the log. */
    async restartImmediately() {
      await end("SIGQUIT");
      server = start();
    },
    async stop() {
      await pool.close();
      await end("SIGINT");
      await rm(dir, { recursive: true, force: true });
    },
  };
}
