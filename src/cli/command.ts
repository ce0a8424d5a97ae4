import type { ParseArgsOptionsConfig } from "node:util";
import { loadConfig, type Config } from "../config.ts";
import type { Environment } from "../config/env.ts";
import { createLog, type Log } from "../lib/log.ts";
import { openStore, type OpenStore } from "../store/open.ts";

export interface Call {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly env: Environment;
  /** What relative paths are relative to. */
  readonly folder: string;
  readonly inputs: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly json: boolean;
}

export interface Command {
  readonly usage: string;
  readonly about: string;
  readonly options?: ParseArgsOptionsConfig;
  /** How many inputs it takes. */
  readonly least: number;
  readonly most: number;
  /** @returns the exit code */
  run(call: Call): Promise<number>;
}

/** The command line is not one of ours; the message says what would be. */
export class WrongUsage extends Error {}

/** Does something with the store, and lets go of it whatever happens. Attaches to the one that runs, or starts it for as long as it takes. */
export async function withStore<Result>(
  call: Call,
  work: (store: OpenStore, config: Config, log: Log) => Promise<Result>,
  file?: string,
): Promise<Result> {
  const config = loadConfig(call.env, { folder: call.folder, ...(file === undefined ? {} : { file }) });
  const log = createLog(config.logLevel === "info" ? "warn" : config.logLevel);
  const store = await openStore({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, log, role: "cli", max: 3 });
  try {
    return await work(store, config, log);
  } finally {
    await store.close();
  }
}

export function text(value: Call["values"][string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}
