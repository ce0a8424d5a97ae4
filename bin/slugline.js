#!/usr/bin/env node
// The first lines of every start: they run on Node 20 or newer, install and build what is missing, and go on with the
// pinned Node.
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBuilt, ensureInstalled, pinnedNode, root } from "./lib/ensure.js";
import { exec } from "./lib/exec.js";

ensureInstalled();
ensureBuilt();
const args = process.argv.slice(2);
if (realpathSync(process.execPath) === realpathSync(pinnedNode())) {
  const { run } = await import(pathToFileURL(join(root, "dist", "cli.js")).href);
  process.exit(await run(args));
} else {
  exec(pinnedNode(), [join(root, "bin", "slugline.js"), ...args]);
}
