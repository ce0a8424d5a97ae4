import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, findTool, install, Refusal, root } from "./install.js";

const dist = join(root, "dist");
const stampFile = join(dist, ".built-from");

/** Builds dist/ when it is not made from the sources that are here: by content, so that a checkout or a copy rebuilds nothing. */
export function build(node) {
  const stamp = sourcesHash();
  if (isBuilt(stamp)) return;
  install({ dev: true });
  const fresh = join(root, `dist.new-${process.pid}`);
  try {
    const words = [findTool("tsc"), "-p", join(root, "tsconfig.build.json"), "--outDir", fresh];
    const { status, stdout, stderr } = spawnSync(node, words, { cwd: root, env: environment(), encoding: "utf8" });
    if (status !== 0) throw new Refusal(`Slugline could not be built:\n${stdout}${stderr}`.trimEnd());
    writeFileSync(join(fresh, ".built-from"), stamp);
    replace(fresh, stamp);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Two starts may build at once: whoever comes second finds the other's work, which is the same. */
function replace(fresh, stamp) {
  const old = join(root, `dist.old-${process.pid}`);
  try {
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } catch (error) {
    if (!isBuilt(stamp)) throw new Refusal(`Slugline could not be built: ${error.message}`);
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

function isBuilt(stamp) {
  try {
    return readFileSync(stampFile, "utf8") === stamp;
  } catch {
    return false;
  }
}

function sourcesHash() {
  const hash = createHash("sha256");
  const compiled = readdirSync(join(root, "src"), { recursive: true })
    .filter((name) => /\.(tsx?|json)$/.test(name))
    .map((name) => join("src", name));
  for (const name of ["package-lock.json", "tsconfig.json", "tsconfig.build.json", ...compiled.toSorted()]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(root, name)))
      .update("\0");
  }
  return hash.digest("hex");
}
