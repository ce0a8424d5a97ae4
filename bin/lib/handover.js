import { spawn } from "node:child_process";
import { constants } from "node:os";

const FORWARDED = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];

/**
 * Becomes another program: replaces this process where this Node can (22.15 and newer), else starts it as a child
 * whose signals and exit code pass through.
 *
 * @param alone true for a child that shall get a signal exactly once, from us: it leaves the terminal's process group,
 *   and when we are killed it is told by its IPC channel
 */
export function become(file, words, env, { alone }) {
  if (process.execve) process.execve(file, [file, ...words], env);
  const stdio = alone ? ["inherit", "inherit", "inherit", "ipc"] : "inherit";
  const child = spawn(file, words, { env, stdio, detached: alone });
  for (const signal of FORWARDED) {
    // A tool shares our terminal, so that Ctrl-C has reached it already: we only outlive it.
    process.on(signal, () => (alone || signal === "SIGTERM") && child.kill(signal));
  }
  child.once("error", (error) => {
    process.stderr.write(`${file} cannot be run: ${error.message}\n`);
    process.exit(1);
  });
  child.once("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}
