import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parse as parseDotenv } from "dotenv";
import { configInvalid, type ConfigFault } from "./config/faults.ts";
import { readSettings, type Environment, type Settings } from "./config/env.ts";
import { readNewsroom, type Newsroom } from "./config/newsroom.ts";
import { codeOf, sentenceOf } from "./lib/fault.ts";

/** Everything that was decided before the start. Frozen; nobody else reads the environment. */
export interface Config extends Omit<Settings, "configFile" | "publicUrl" | "shortUrl"> {
  /** Where the editor is, as an origin. */
  readonly publicUrl: string;
  /** Where short links are, as an origin. */
  readonly shortUrl: string;
  /** newsroom.yaml, as a person would type it; undefined: there is none, and the rehearsal newsroom opens. */
  readonly newsroomFile: string | undefined;
  readonly newsroom: Newsroom | undefined;
  /** The value of an environment variable that newsroom.yaml names; undefined when it is not set. */
  readonly secrets: (envName: string) => string | undefined;
  /** Private hosts that may be reached, from newsroom.yaml. */
  readonly outboundAllow: readonly string[];
}

/** The environment of this process with `.env` of the folder beneath it: what the process was given wins. */
export function environment(folder: string = process.cwd()): Environment {
  try {
    return { ...parseDotenv(readFileSync(join(folder, ".env"))), ...process.env };
  } catch (error) {
    if (codeOf(error) !== "ENOENT") {
      throw configInvalid([{ file: ".env", line: null, path: "", problem: `cannot be read: ${sentenceOf(error)}` }]);
    }
    return process.env;
  }
}

export interface LoadOptions {
  /** newsroom.yaml; else SLUGLINE_CONFIG, else config/newsroom.yaml where there is one. */
  readonly file?: string;
  /** What relative paths are relative to; usually where the process was started. */
  readonly folder?: string;
}

/**
 * Environment and newsroom.yaml become one checked, frozen Config. The environment beats the file.
 *
 * @throws Fault `CONFIG_INVALID` whose sentence lists every fault, each with file, path and what would be right
 */
export function loadConfig(env: Environment, options: LoadOptions = {}): Config {
  const folder = options.folder ?? process.cwd();
  const faults: ConfigFault[] = [];
  const { configFile, publicUrl, shortUrl, ...settings } = readSettings(env, folder, faults);
  const secrets = (name: string) => env[name]?.trim() || undefined;
  const asked = options.file ?? configFile;
  const path = resolve(folder, asked ?? "config/newsroom.yaml");
  const fileName = typed(path, folder);
  let newsroom: Newsroom | undefined;
  const text = asked !== undefined || existsSync(path) ? readText(path, fileName, faults) : undefined;
  if (text !== undefined) newsroom = readNewsroom(text, fileName, secrets, faults);
  const editor = publicUrl ?? `http://localhost:${settings.port}`;
  // Cookies know no ports: under one name the editor's session would be sent to the public door too.
  const loopback = hostOf(editor) === "127.0.0.1" ? "localhost" : "127.0.0.1";
  const config: Config = {
    ...settings,
    publicUrl: editor,
    shortUrl: shortUrl ?? newsroom?.site.shortUrl ?? `http://${loopback}:${settings.redirectPort}`,
    newsroomFile: text === undefined ? undefined : fileName,
    newsroom,
    secrets,
    outboundAllow: newsroom?.outbound.allow ?? [],
  };
  if (hostOf(config.publicUrl) === hostOf(config.shortUrl)) {
    const problem = `is on the editor's host (${config.publicUrl}); short links need a host of their own, such as https://go.example.org.`;
    faults.push({ file: "environment", line: null, path: "SHORT_URL", problem });
  }
  if (faults.length > 0) throw configInvalid(faults);
  return deepFreeze(config);
}

function readText(path: string, fileName: string, faults: ConfigFault[]): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const problem =
      codeOf(error) === "ENOENT"
        ? "is not there. Check the path, or copy config/newsroom.example.yaml to it."
        : `cannot be read: ${sentenceOf(error)}`;
    faults.push({ file: fileName, line: null, path: "", problem });
    return undefined;
  }
}

/** A path as a person would type it from `folder`. */
function typed(path: string, folder: string): string {
  const near = relative(folder, path);
  return near === "" || near.startsWith("..") ? path : near;
}

function hostOf(address: string): string | undefined {
  return URL.parse(address)?.hostname;
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
