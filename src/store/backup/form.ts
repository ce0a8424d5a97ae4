import { createHash, type Hash } from "node:crypto";
import { Fault } from "../../lib/fault.ts";

/**
 * The form of a backup: lines of text, compressed with Zstandard. Where a tool of ours is not at hand, `zstd -dc` and psql's
 * COPY read it.
 *
 *   {"slugline":"backup","form":1,...}            what it is of
 *   {"part":"table","name":"account",...}         a part begins: rows as COPY writes them, or pieces of click records
 *   ...
 *   \.                                            as COPY's own end
 *   {"rows":12,"sha256":"..."}                    of the lines between
 *   {"end":true,"parts":34}
 */
export const FORM = 1;

/** What a backup is of, its first line. */
export interface Head {
  readonly slugline: "backup";
  readonly form: number;
  /** Of the Slugline that wrote it. */
  readonly version: string;
  /** The moment of its snapshot (ISO 8601): it has all that was committed before, nothing that came after. */
  readonly at: string;
  readonly migrations: readonly { readonly number: number; readonly name: string; readonly checksum: string }[];
  /** How far each sequence had counted, by `table.column`. */
  readonly sequences: Readonly<Record<string, number>>;
}

/** What begins a part. */
export type Part =
  | { readonly part: "table"; readonly name: string; readonly columns: readonly string[] }
  /** Click records that were not counted: `segment offset base64` a line. */
  | { readonly part: "clicks" };

/** What was between a part's first line and its end. */
export interface Sum {
  readonly rows: number;
  readonly sha256: string;
}

const NEWLINE = 10;
const MARK = Buffer.from("\n\\.\n");
/** A line of ours is short; a longer one is no backup. */
const LONGEST_LINE = 4 * 1024 * 1024;

export const lineOf = (it: object): Buffer => Buffer.from(`${JSON.stringify(it)}\n`);
export const END_OF_PART = Buffer.from("\\.\n");

/** Counts and sums a part's lines as they pass. */
export function createSum(): { add(lines: Buffer): void; sum(): Sum } {
  const hash: Hash = createHash("sha256");
  let rows = 0;
  return {
    add(lines) {
      hash.update(lines);
      for (let at = lines.indexOf(NEWLINE); at >= 0; at = lines.indexOf(NEWLINE, at + 1)) rows += 1;
    },
    sum: () => ({ rows, sha256: hash.digest("hex") }),
  };
}

export interface Reader {
  /** The next line of ours; undefined at the end of the file. */
  line(): Promise<unknown>;
  /** The lines of the part that has just begun, as they come; then whether they are what was written. */
  body(name: string): AsyncGenerator<Buffer, Sum>;
}

/** Reads what comes out of the decompressor. Faults of the file are BACKUP_BROKEN, and say so. */
export function createReader(chunks: AsyncIterable<Buffer>): Reader {
  const more = chunks[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  async function fill(): Promise<boolean> {
    const { value, done } = await more.next();
    if (done) return false;
    held = held.length === 0 ? value : Buffer.concat([held, value]);
    return true;
  }

  async function line(): Promise<unknown> {
    let at = held.indexOf(NEWLINE);
    while (at < 0) {
      if (held.length > LONGEST_LINE) throw broken("it is not a backup of Slugline");
      if (!(await fill())) {
        if (held.length === 0) return undefined;
        throw broken("it is cut off");
      }
      at = held.indexOf(NEWLINE);
    }
    const text = held.subarray(0, at).toString("utf8");
    held = held.subarray(at + 1);
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw broken("it is not a backup of Slugline, or was changed");
    }
  }

  async function* body(name: string): AsyncGenerator<Buffer, Sum> {
    const passed = createSum();
    while (held.length < END_OF_PART.length) if (!(await fill())) throw broken(`it is cut off in ${name}`);
    if (held.subarray(0, END_OF_PART.length).equals(END_OF_PART)) {
      held = held.subarray(END_OF_PART.length);
      return passed.sum();
    }
    for (;;) {
      const at = held.indexOf(MARK);
      // The mark may begin in what is here and end in what comes.
      const sure = at >= 0 ? at + 1 : held.length - MARK.length + 1;
      if (sure > 0) {
        const lines = held.subarray(0, sure);
        passed.add(lines);
        yield lines;
        held = held.subarray(at >= 0 ? at + MARK.length : sure);
      }
      if (at >= 0) return passed.sum();
      if (!(await fill())) throw broken(`it is cut off in ${name}`);
    }
  }

  return { line, body };
}

/** @param why completes "The backup cannot be used: ..." */
export function broken(why: string, cause?: unknown): Fault {
  return new Fault("BACKUP_BROKEN", `The backup cannot be used: ${why}. Nothing was changed. Take another one.`, {}, cause);
}
