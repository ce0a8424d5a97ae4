import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Fault } from "../lib/fault.ts";
import { WrongUsage, type Call } from "./command.ts";

/** Asks for one thing after the other. */
export interface Asker {
  /** @param how where else it may be given, for whoever has no terminal */
  ask(question: {
    readonly what: string;
    readonly where: string;
    readonly secret: boolean;
    readonly how: string;
  }): Promise<string>;
  close(): void;
}

/**
 * On a terminal asks a person, and shows nothing of a secret while it is typed or pasted; else takes a line of standard
 * input for each question, in the order in which they would be asked.
 */
export function createAsker({ stdin, err }: Pick<Call, "stdin" | "err">): Asker {
  let silent = false;
  const screen = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!silent) process.stderr.write(chunk);
      done();
    },
  });
  const terminal = stdin.isTTY === true;
  const lines = createInterface({ input: stdin, ...(terminal ? { output: screen } : {}), terminal, historySize: 0 });
  const answers = lines[Symbol.asyncIterator]();
  let stopped = false;
  lines.once("SIGINT", () => {
    stopped = true;
    lines.close();
  });

  return {
    async ask({ what, where, secret, how }) {
      if (terminal) {
        err(`${what}: ${where}`);
        lines.setPrompt(secret ? "(not shown) > " : "> ");
        lines.prompt();
        silent = secret;
      }
      const { value, done } = await answers.next();
      if (silent) err("");
      silent = false;
      if (stopped) throw new Fault("STOPPED", "Stopped. Nothing was changed.");
      const answer = done ? "" : value.trim();
      if (answer === "")
        throw new WrongUsage(`${what} is missing: ${where}. Give it as a line of standard input, or with ${how}.`);
      return answer;
    },
    close: () => lines.close(),
  };
}
