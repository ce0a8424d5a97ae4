import { plain, say } from "./say.ts";

/**
 * A fault a person is told about: a stable code for programs, a sentence for people, and what caused it.
 * The sentence says what was wrong, where, and what would be right. Expected outcomes are values, not faults.
 *
 * @example
 * throw new Fault("PORT_IN_USE", `Port ${port} is in use. Set PORT to a free one, or stop the other program.`, { port });
 */
export class Fault extends Error {
  readonly code: string;
  /** The sentence with its seams, where it has any: what a row keeps, so that the editor can say it in any language. */
  readonly said: string;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(code: string, sentence: string, detail: Record<string, unknown> = {}, cause?: unknown) {
    super(plain(sentence), cause === undefined ? undefined : { cause });
    this.name = "Fault";
    this.code = code;
    this.said = sentence;
    this.detail = detail;
  }
}

/** The code of whatever was thrown: a Fault's, a system error's (`ECONNREFUSED`), Postgres' SQLSTATE, or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** One line for a log or a page: never a stack trace. */
export function sentenceOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

/** The same line for a row that the editor shows: with the seams at which it can be said in another language. */
export function reasonOf(error: unknown): string {
  return error instanceof Fault ? (error.said.split("\n", 1)[0] ?? "") : say`It failed: ${sentenceOf(error)}`;
}
