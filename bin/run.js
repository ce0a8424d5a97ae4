// node bin/run.js [--built] [tool arguments...]: a tool of node_modules/.bin under the pinned Node.
// Installs what is missing first, and with --built brings dist/ up to date.
import { build } from "./lib/build.js";
import { become } from "./lib/handover.js";
import { environment, findNode, findTool, install, refuse } from "./lib/install.js";

const words = process.argv.slice(2);
const built = words[0] === "--built";
const [tool, ...rest] = built ? words.slice(1) : words;

try {
  install({ dev: true });
  const node = findNode();
  if (built) build(node);
  if (tool) become(node, tool === "node" ? rest : [findTool(tool), ...rest], environment(), { alone: false });
} catch (error) {
  refuse(error);
}
