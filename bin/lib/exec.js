import { spawn } from "node:child_process";
import { constants } from "node:os";
import { environment } from "./ensure.js";

/** Runs a program in our place: its output is ours, signals are passed on, and we end as it ends. */
export function exec(command, args, options = {}) {
  const child = spawn(command, args, { stdio: "inherit", env: environment(), ...options });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`${command} could not be run: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
}
