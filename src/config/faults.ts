import { Fault } from "../lib/fault.ts";

/** One thing wrong in the configuration: where, and what would be right. Never shows a value that may be a secret. */
export interface ConfigFault {
  /** As a person would type it: `config/newsroom.yaml`, or `environment`. */
  readonly file: string;
  readonly line: number | null;
  /** `accounts[2].tokenEnv`, `PORT`; empty for the whole file. */
  readonly path: string;
  readonly problem: string;
}

/** All of them in one Fault `CONFIG_INVALID`: a line each, in the order of the files. */
export function configInvalid(faults: readonly ConfigFault[]): Fault {
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  return new Fault(
    "CONFIG_INVALID",
    [`The configuration has ${count}:`, ...faults.map((fault) => `  ${told(fault)}`)].join("\n"),
    { faults },
  );
}

function told({ file, line, path, problem }: ConfigFault): string {
  const place = line === null ? file : `${file}:${line}`;
  return path === "" ? `${place} ${problem}` : `${place} ${path}: ${problem}`;
}
