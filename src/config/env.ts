import { isAbsolute, resolve } from "node:path";
import { isAddressOrRange } from "../lib/client-address.ts";
import type { ConfigFault } from "./faults.ts";
import { KEY_EXPECTED, masterKeys, readKeys, type MasterKeys } from "./keys.ts";

/** Names and values as the process was given them; `.env` is already in it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says, checked; `undefined` where it says nothing and there is no usual value. */
export interface Settings {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly redirectPort: number;
  readonly healthPort: number;
  readonly publicUrl: string | undefined;
  readonly shortUrl: string | undefined;
  readonly configFile: string | undefined;
  /** What secrets are sealed under. */
  readonly keys: MasterKeys;
  readonly logLevel: string;
  readonly metricsToken: string | undefined;
  /** Proxies whose `X-Forwarded-For` is believed: addresses or CIDRs. */
  readonly trustProxy: readonly string[];
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** Every variable Slugline reads, besides those that newsroom.yaml names for its secrets. `.env.example` lists the same. */
export const VARIABLES = [
  "DATABASE_URL",
  "REDIS_URL",
  "HOST",
  "PORT",
  "REDIRECT_PORT",
  "HEALTH_PORT",
  "DATA_DIR",
  "PUBLIC_URL",
  "SHORT_URL",
  "SLUGLINE_CONFIG",
  "SLUGLINE_KEY",
  "LOG_LEVEL",
  "METRICS_TOKEN",
  "TRUST_PROXY",
] as const;

type Variable = (typeof VARIABLES)[number];

/** Reads the environment; what is wrong goes to `faults` and the usual value stands in, so that all faults are found. */
export function readSettings(env: Environment, folder: string, faults: ConfigFault[]): Settings {
  const given = (name: Variable): string | undefined => env[name]?.trim() || undefined;
  const wrong = (path: Variable, problem: string) => void faults.push({ file: "environment", line: null, path, problem });

  const port = (name: Variable, usual: number): number => {
    const text = given(name);
    if (text === undefined) return usual;
    if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
    wrong(name, `must be a port between 0 (any free one) and 65535, such as ${usual}.`);
    return usual;
  };
  const server = (name: Variable, protocols: readonly string[], example: string): string | undefined => {
    const text = given(name);
    if (text === undefined || protocols.includes(protocolOf(text))) return text;
    // Not shown: it may carry a password.
    wrong(name, `must be an address such as ${example}.`);
    return undefined;
  };
  const origin = (name: Variable, example: string): string | undefined => {
    const text = given(name);
    const found = text === undefined ? undefined : originOf(text);
    if (text !== undefined && found === undefined) wrong(name, `must be an http(s) address without a path, such as ${example}.`);
    return found;
  };
  const proxies = (): string[] => {
    const list = (given("TRUST_PROXY") ?? "").split(",").map((one) => one.trim());
    const named = list.filter((one) => one !== "");
    if (named.every(isAddressOrRange)) return named;
    wrong("TRUST_PROXY", "must be a list of addresses or ranges, such as 127.0.0.1,10.0.0.0/8.");
    return [];
  };
  const keys = (): readonly Uint8Array[] => {
    const text = given("SLUGLINE_KEY");
    const read = text === undefined ? undefined : readKeys(text);
    if (text === undefined && given("DATABASE_URL") !== undefined)
      wrong("SLUGLINE_KEY", `is not set. With DATABASE_URL it ${KEY_EXPECTED}`);
    // Not shown: most of it may be right.
    if (text !== undefined && read === undefined) wrong("SLUGLINE_KEY", KEY_EXPECTED);
    return read ?? [];
  };
  const path = (name: Variable): string | undefined => {
    const text = given(name);
    return text === undefined || isAbsolute(text) ? text : resolve(folder, text);
  };

  const logLevel = given("LOG_LEVEL") ?? "info";
  if (!LOG_LEVELS.includes(logLevel)) wrong("LOG_LEVEL", `must be one of ${LOG_LEVELS.join(", ")}.`);
  const [usual, redirect, health] = [3000, 3001, 3002];
  const dataDir = path("DATA_DIR") ?? resolve(folder, "data");
  const settings: Settings = {
    dataDir,
    keys: masterKeys(keys(), given("DATABASE_URL") === undefined ? dataDir : null),
    databaseUrl: server("DATABASE_URL", ["postgres:", "postgresql:"], "postgres://user:password@localhost:5432/slugline"),
    redisUrl: server("REDIS_URL", ["redis:", "rediss:"], "redis://localhost:6379"),
    host: given("HOST") ?? "127.0.0.1",
    port: port("PORT", usual),
    redirectPort: port("REDIRECT_PORT", redirect),
    healthPort: port("HEALTH_PORT", health),
    publicUrl: origin("PUBLIC_URL", "https://slugline.example.org"),
    shortUrl: origin("SHORT_URL", "https://go.example.org"),
    configFile: path("SLUGLINE_CONFIG"),
    logLevel: LOG_LEVELS.includes(logLevel) ? logLevel : "info",
    metricsToken: given("METRICS_TOKEN"),
    trustProxy: proxies(),
  };
  const ports = [
    ["PORT", settings.port],
    ["REDIRECT_PORT", settings.redirectPort],
    ["HEALTH_PORT", settings.healthPort],
  ] as const;
  for (const [at, [name, value]] of ports.entries()) {
    const twin = ports.slice(0, at).find(([, other]) => other === value && value !== 0);
    if (twin) wrong(name, `is ${value}, as ${twin[0]} is; each needs a port of its own.`);
  }
  return settings;
}

/** `https://go.example.org` of an http(s) address that has no path, query, user or password; undefined for all others. */
export function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return undefined;
  if (url.username !== "" || url.password !== "" || url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return undefined;
  return url.origin;
}

function protocolOf(text: string): string {
  return URL.parse(text)?.protocol ?? "";
}
