// Runs on whatever Node the machine has (20 or newer): plain JavaScript, nothing installed yet.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const bin = join(root, "node_modules", ".bin");
const OLDEST = [22, 19];

/** Ends with one sentence and no stack. */
export function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** The pinned Node's binary; this one, when the platform has none but is new enough. */
export function pinnedNode() {
  const pinned = join(bin, "node");
  if (existsSync(pinned)) return pinned;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return process.execPath;
  return fail(`No Node is packaged for ${process.platform}-${process.arch}. Install Node ${OLDEST.join(".")} or newer and start again.`);
}

/** The environment for whatever runs next: the pinned Node and the installed tools come first. */
export function environment() {
  return { ...process.env, PATH: `${bin}:${process.env.PATH ?? ""}` };
}

/** Installs what package-lock.json names, unless it is there. */
export function ensureInstalled() {
  const done = modified(join(root, "node_modules", ".package-lock.json"));
  if (done >= modified(join(root, "package-lock.json")) && done > 0) return;
  process.stderr.write("Installing what is missing (once) ...\n");
  const npm = process.env.npm_execpath?.endsWith(".js") ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const [command, ...first] = npm;
  const { status, error } = spawnSync(command, [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env: process.env,
  });
  if (error) fail(`npm could not be run (${error.code}). It comes with Node; install both and start again.`);
  if (status !== 0) fail("The packages could not be installed (see above). Is the npm registry reachable, and this folder writable?");
}

/** Builds dist/ with tsc, unless it is of this very source. */
export function ensureBuilt() {
  const stamp = join(root, "dist", ".stamp");
  const now = sourceStamp();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  const { status } = spawnSync(pinnedNode(), [join(bin, "tsc"), "-p", join(root, "tsconfig.build.json")], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env: environment(),
  });
  if (status !== 0) fail("The source could not be built (see above).");
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
}

/** Changes whenever a source file is added, removed or written. */
function sourceStamp() {
  let newest = Math.max(modified(join(root, "tsconfig.json")), modified(join(root, "package-lock.json")));
  let count = 0;
  for (const entry of readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })) {
    if (!/\.(tsx?|json)$/.test(entry.name)) continue;
    count += 1;
    newest = Math.max(newest, modified(join(entry.parentPath ?? entry.path, entry.name)));
  }
  return `${count} ${newest}`;
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
