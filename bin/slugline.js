#!/usr/bin/env node
// Installs what is missing, builds what is old, and hands over to dist/cli.js under the pinned Node.
import { fileURLToPath } from "node:url";
import { build } from "./lib/build.js";
import { become } from "./lib/handover.js";
import { environment, findNode, install, refuse } from "./lib/install.js";

try {
  install({ dev: false });
  const node = findNode();
  build(node);
  if (node === process.execPath) await import("./lib/cli.js");
  else
    become(node, [fileURLToPath(new URL("lib/cli.js", import.meta.url)), ...process.argv.slice(2)], environment(), {
      alone: true,
    });
} catch (error) {
  refuse(error);
}
