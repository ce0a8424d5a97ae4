import { execFile } from "node:child_process";
import {
  access,
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type pg from "pg";
import { codeOf, Fault, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import { systemClock } from "../lib/time.ts";
import { findBinaries, type Binaries } from "./binaries.ts";
import { chooseIdentity, identityOf, type Identity } from "./identity.ts";
import {
  dataFault,
  findPostmaster,
  isAlive,
  isOutdated,
  lastWords,
  launch,
  stopPostmaster,
  type Postmaster,
} from "./postmaster.ts";
import { initdbArguments, settings as ourSettings } from "./settings.ts";
import { enter, type Role, type Tenant } from "./tenant.ts";

export interface EmbeddedOptions {
  /** Where everything of this newsroom lives; Postgres takes `postgres/`, `postgres.log` and `postgres.socket` in it. */
  readonly dataDir: string;
  readonly log: Log;
  /** One `start` at a time; CLI commands beside it, or alone. */
  readonly role: Role;
  /** Postgres' settings where they differ from ours (tests). */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Embedded {
  /** How to connect; stays true when Postgres dies and is started again. */
  readonly connection: pg.PoolConfig;
  /** Gives the place up; stops Postgres unless another process uses it. Close the pools first. */
  stop(): Promise<void>;
}

const SETTLE_WITHIN_MS = 60_000;
const RETRY_MS = { first: 100, most: 5_000 };

/**
 * Starts Slugline's own Postgres in the data folder, or attaches to the one that runs there (because a `start` runs,
 * or because ours was killed and left it behind). A `start` also starts it again when it dies.
 *
 * @throws Fault DATA_IN_USE, DATA_READ_ONLY, DATA_NOT_YOURS, DISK_FULL, ROOT_CANNOT_RUN, USER_HAS_NO_NAME, PG_DIED,
 *   PG_UNREACHABLE, PG_VERSION_MISMATCH, PLATFORM_UNSUPPORTED
 */
export async function openEmbedded({ dataDir, log, role, settings = {} }: EmbeddedOptions): Promise<Embedded> {
  const house = await prepare(dataDir, { ...ourSettings, ...settings });
  let place = await settle(house, role);
  const stopping = new AbortController();
  const watched = role === "start" ? watch() : Promise.resolve();

  async function watch(): Promise<void> {
    for (;;) {
      await Promise.race([place.tenant.lost, aborted(stopping.signal)]);
      for (let wait = RETRY_MS.first; !stopping.signal.aborted; wait = Math.min(wait * 2, RETRY_MS.most)) {
        log.warn({ folder: house.cluster }, "The connection to Postgres was lost; looking after it");
        try {
          place = await settle(house, role);
          break;
        } catch (error) {
          log.error({ code: codeOf(error) }, sentenceOf(error));
          await systemClock.sleep(wait, stopping.signal);
        }
      }
      if (stopping.signal.aborted) return;
    }
  }

  return {
    connection: { host: place.postmaster.socketDir, port: place.postmaster.port, user: "slugline", database: "postgres" },
    async stop() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      await watched;
      await leave(house, place);
    },
  };
}

interface House {
  readonly dataDir: string;
  /** Whether the data folder is made by this start, so that its rights are ours to set. */
  readonly isNew: boolean;
  readonly cluster: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly binaries: Binaries;
}

interface Place {
  readonly postmaster: Postmaster;
  readonly tenant: Tenant;
}

async function prepare(given: string, settings: Readonly<Record<string, string>>): Promise<House> {
  try {
    const made = await mkdir(given, { recursive: true, mode: 0o700 });
    const dataDir = await realpath(given);
    return {
      dataDir,
      isNew: made !== undefined,
      cluster: join(dataDir, "postgres"),
      settings,
      binaries: await findBinaries(join(dataDir, "postgres.lib")),
    };
  } catch (error) {
    throw (error instanceof Fault ? undefined : dataFault(`${codeOf(error)} ${sentenceOf(error)}`, given, error)) ?? error;
  }
}

/** Finds or starts Postgres and takes a place in it. Races with other processes are met by looking again. */
async function settle(house: House, role: Role): Promise<Place> {
  let refreshed = role === "cli";
  for (const until = performance.now() + SETTLE_WITHIN_MS; performance.now() < until; await systemClock.sleep(10)) {
    const postmaster = (await findPostmaster(house.cluster)) ?? (await startHere(house));
    if (!postmaster?.ready) continue;
    await checkDoor(postmaster, house.cluster);
    const tenant = await enter(
      { host: postmaster.socketDir, port: postmaster.port, user: "slugline", database: "postgres" },
      role,
      house.dataDir,
    );
    if (tenant === "stopping") continue;
    if (refreshed || !(await isOutdated(postmaster))) return { postmaster, tenant };
    // Left behind by an older installation: replaced now, unless a command is using it.
    refreshed = true;
    await leave(house, { postmaster, tenant });
  }
  const sentence = `Postgres in ${house.cluster} is neither running nor startable: another one may hold its postmaster.pid. See postgres.log beside it.`;
  throw new Fault("PG_DIED", sentence, { cluster: house.cluster });
}

async function leave(house: House, { postmaster, tenant }: Place): Promise<void> {
  await tenant.leave(async () => {
    await stopPostmaster(postmaster, house.cluster);
    await rmdir(postmaster.socketDir).catch(() => undefined);
  });
}

/** Attaching needs the socket, which sits in the system's folder for temporary files. */
async function checkDoor(postmaster: Postmaster, cluster: string): Promise<void> {
  const socket = join(postmaster.socketDir, `.s.PGSQL.${postmaster.port}`);
  if (await exists(socket)) return;
  const now = await findPostmaster(cluster);
  if (!now?.ready || now.pid !== postmaster.pid) return;
  const sentence =
    `Slugline's Postgres runs (process ${postmaster.pid}) but its socket ${socket} is not to be seen from here: ` +
    `it was removed, or a service manager gave it a private /tmp. Run this command there, or stop it with: kill -INT ${postmaster.pid}`;
  throw new Fault("PG_UNREACHABLE", sentence, { pid: postmaster.pid, socket });
}

async function startHere(house: House): Promise<Postmaster | undefined> {
  try {
    const { dataDir, cluster, binaries, settings } = house;
    const identity = (await exists(cluster)) ? await identityOf(cluster, binaries) : await create(house);
    const socketDir = await door(dataDir, identity);
    return await launch({ cluster, socketDir, logFile: join(dataDir, "postgres.log"), identity, binaries, settings });
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw dataFault(`${codeOf(error)} ${sentenceOf(error)}`, house.dataDir, error) ?? error;
  }
}

/** Makes a cluster beside its place and moves it there whole and synced: a first start that is killed leaves no half one. */
async function create({ dataDir, isNew, cluster, binaries }: House): Promise<Identity> {
  await removeLeftovers(dataDir);
  const fresh = await mkdtemp(join(dataDir, `postgres.new-${process.pid}-`));
  try {
    const identity = await chooseIdentity(fresh, { dataDir, isNew }, binaries);
    await initdb(identity, binaries, ["-D", fresh, ...initdbArguments]);
    await initdb(identity, binaries, [
      "-D",
      fresh,
      "--sync-only",
      ...(process.platform === "linux" ? ["--sync-method=syncfs"] : []),
    ]);
    await rename(fresh, cluster).catch((error: unknown) => {
      // Another process was first: theirs is as good.
      if (!["ENOTEMPTY", "EEXIST"].includes(codeOf(error) ?? "")) throw error;
    });
    const folder = await open(dataDir, "r");
    await folder.sync().finally(() => folder.close());
    return await identityOf(cluster, binaries);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function initdb(identity: Identity, binaries: Binaries, words: readonly string[]): Promise<void> {
  const [command = "", ...rest] = [...identity.prefix, binaries.initdb, ...words];
  await promisify(execFile)(command, rest, { ...identity.ids, env: binaries.env, cwd: "/" }).catch(
    (error: Error & { stdout?: string; stderr?: string }) => {
      const said = `${error.stdout ?? ""}\n${error.stderr ?? error.message}`;
      const folder = words[1] ?? "";
      throw (
        dataFault(said, folder, error) ??
        new Fault("PG_DIED", `Postgres could not make its folder: ${lastWords(said)}`, { folder }, error)
      );
    },
  );
}

async function removeLeftovers(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const pid = /^postgres\.new-(\d+)-/.exec(name)?.[1];
    if (!pid || isAlive(Number(pid))) continue;
    await rm(join(dataDir, name), { recursive: true, force: true });
  }
}

/**
 * The private folder of the socket. Short, because socket paths are limited to about 100 bytes (unix(7)); remembered
 * in the data folder, so that connections stay true over restarts. Whoever reaches it is let in, so it is 0700.
 */
async function door(dataDir: string, identity: Identity): Promise<string> {
  const note = join(dataDir, "postgres.socket");
  const uid = identity.ids.uid ?? process.getuid?.();
  const known = (await readFile(note, "utf8").catch(() => "")).trim();
  if (known !== "") {
    await mkdir(known, { mode: 0o700 }).then(
      () => give(known, identity),
      () => undefined,
    );
    const found = await lstat(known).catch(() => undefined);
    if (found?.isDirectory() && found.uid === uid && (found.mode & 0o777) === 0o700) return known;
  }
  const base = tmpdir().length <= 70 ? tmpdir() : "/tmp";
  const made = await mkdtemp(join(base, "slugline-"));
  await chmod(made, 0o700);
  await give(made, identity);
  await writeFile(note, `${made}\n`, { mode: 0o600 });
  return made;
}

async function give(folder: string, { ids }: Identity): Promise<void> {
  if (ids.uid !== undefined && ids.gid !== undefined) await chown(folder, ids.uid, ids.gid);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}
