import type { ParseArgsOptionsConfig } from "node:util";
import { loadConfig, type Config } from "../config.ts";
import type { Environment } from "../config/env.ts";
import { didYouMean } from "../config/nearest.ts";
import { Fault } from "../lib/fault.ts";
import { createLog, type Log } from "../lib/log.ts";
import { openStore, type OpenStore } from "../store/open.ts";

export interface Call {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Where a person, or a program, answers what a command asks. */
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
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

/** What is said of a word that names none of those there are. */
export function noSuch(what: "network" | "role" | "scope", written: string, known: readonly string[]): WrongUsage {
  const plural = `${what.charAt(0).toUpperCase()}${what.slice(1)}s`;
  return new WrongUsage(`There is no ${what} "${written}".${didYouMean(written, known)} ${plural}: ${known.join(", ")}.`);
}

export function unknownAccount(name: string, all: readonly { readonly name: string }[]): Fault {
  const names = all.map((one) => one.name);
  const sentence = `There is no account "${name}".${didYouMean(name, names)} There is: ${names.join(", ") || "none"}.`;
  return new Fault("ACCOUNT_UNKNOWN", sentence, { account: name });
}

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
