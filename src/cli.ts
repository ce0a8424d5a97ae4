import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { environment } from "./config.ts";
import type { Environment } from "./config/env.ts";
import { didYouMean } from "./config/nearest.ts";
import { Fault, sentenceOf } from "./lib/fault.ts";
import { version } from "./lib/version.ts";
import { accountAdd, accountVerify } from "./cli/account.ts";
import { backup, holdEnd, holdShow, restore } from "./cli/backup.ts";
import { accountProve } from "./cli/prove.ts";
import { check } from "./cli/check.ts";
import { keyRotate } from "./cli/key.ts";
import { applyFile, migrateStore, pauseSending, resumeSending, userAdd } from "./cli/newsroom.ts";
import { accountRehearse } from "./cli/rehearse.ts";
import { inspect, preview } from "./cli/read.ts";
import { replayPosts } from "./cli/replay.ts";
import { startRoles } from "./cli/start.ts";
import { tokenAdd, tokenList, tokenRevoke } from "./cli/token.ts";
import { WrongUsage, type Call, type Command } from "./cli/command.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  start: startRoles,
  check,
  migrate: migrateStore,
  apply: applyFile,
  "user add": userAdd,
  "token add": tokenAdd,
  "token list": tokenList,
  "token revoke": tokenRevoke,
  "account add": accountAdd,
  "account verify": accountVerify,
  "account rehearse": accountRehearse,
  "account prove": accountProve,
  "key rotate": keyRotate,
  backup,
  restore,
  hold: holdShow,
  "hold end": holdEnd,
  preview,
  inspect,
  replay: replayPosts,
  pause: pauseSending,
  resume: resumeSending,
};

const COMMON: ParseArgsOptionsConfig = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } };

/** What the commands talk to; tests listen here. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly stdin: Call["stdin"];
  readonly env: Environment;
  readonly folder: string;
}

/**
 * Runs one command.
 *
 * @returns the exit code: 0 ok, 1 fault, 2 wrong usage
 */
export async function run(argv: readonly string[], terminal: Partial<Terminal> = {}): Promise<number> {
  const out = terminal.out ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const err = terminal.err ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const folder = terminal.folder ?? process.cwd();
  const stdin = terminal.stdin ?? process.stdin;
  let env: Environment = {};
  try {
    env = terminal.env ?? environment(folder);
    const [first = "help", second] = argv;
    if (first === "--version") return (out(version), 0);
    if (first === "help" || first === "--help" || first === "-h") return (out(helpText()), 0);
    const name = `${first} ${second ?? ""}` in COMMANDS ? `${first} ${second}` : first;
    const command = COMMANDS[name];
    if (!command)
      throw new WrongUsage(
        `There is no command "${first}".${didYouMean(first, Object.keys(COMMANDS))} "slugline help" lists them.`,
      );
    const call = read(name, command, argv.slice(name.split(" ").length), { out, err, stdin, env, folder });
    if (call === "help") return (out(`${command.usage}\n${command.about}`), 0);
    return await command.run(call);
  } catch (error) {
    if (error instanceof WrongUsage) return (err(error.message), 2);
    err(
      error instanceof Fault
        ? error.message
        : `Something happened that Slugline does not expect: ${sentenceOf(error)}. With LOG_LEVEL=debug it says where.`,
    );
    if (env["LOG_LEVEL"] === "debug" && error instanceof Error) err(error.stack ?? "");
    return 1;
  }
}

function read(name: string, command: Command, args: readonly string[], terminal: Terminal): Call | "help" {
  const options = { ...COMMON, ...command.options };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    if (values["help"]) return "help";
    if (positionals.length < command.least || positionals.length > command.most) throw new WrongUsage(`usage: ${command.usage}`);
    return { ...terminal, values: values as Call["values"], inputs: positionals, json: values["json"] === true };
  } catch (error) {
    if (error instanceof WrongUsage) throw error;
    const known = Object.keys(options).map((option) => `--${option}`);
    const wrong = /'(--?[^']+)'/.exec(sentenceOf(error))?.[1]?.split(/[ =]/, 1)[0] ?? "";
    throw new WrongUsage(`${name} does not know ${wrong || "that"}.${didYouMean(wrong, known)} usage: ${command.usage}`);
  }
}

function helpText(): string {
  const lines = Object.values(COMMANDS).map(({ usage, about }) => `  ${usage.replace("slugline ", "").padEnd(46)} ${about}`);
  return [
    "usage: slugline <command>",
    "",
    ...lines,
    "",
    "Every command takes --json where a program could read it. Exit codes: 0 ok, 1 fault, 2 wrong usage.",
    "docs/cli.md says more.",
  ].join("\n");
}
