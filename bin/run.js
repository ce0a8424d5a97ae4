#!/usr/bin/env node
// `node bin/run.js [--built] <tool> ...`: a tool of node_modules under the pinned Node, installing (and building) first.
import { ensureBuilt, ensureInstalled, fail, pinnedNode, root } from "./lib/ensure.js";
import { exec } from "./lib/exec.js";

const args = process.argv.slice(2);
const built = args[0] === "--built";
const [tool, ...rest] = built ? args.slice(1) : args;
if (!tool) fail("usage: node bin/run.js [--built] <tool> ...");
ensureInstalled();
if (built) ensureBuilt();
exec(tool === "node" ? pinnedNode() : tool, rest, { cwd: root });
