import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument } from "yaml";

export type Path = readonly PropertyKey[];

/** A YAML file read: its plain value, where each part of it stands, and what is wrong with it as YAML. */
export interface Yaml {
  readonly value: unknown;
  readonly errors: readonly { line: number; problem: string }[];
  /** The line (from 1) of what stands at `path`, or of the nearest thing around it; of the key itself when `key` is given. */
  lineOf(path: Path, key?: string): number;
}

export function readYaml(text: string): Yaml {
  const lines = new LineCounter();
  // Not `prettyErrors`: they quote the file, and a line of it may hold a secret.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const errors = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    problem: `is no readable YAML: ${said(error)}`,
  }));
  return {
    errors,
    value: errors.length > 0 ? undefined : (document.toJS() ?? {}),
    lineOf(path, key) {
      for (let length = path.length; length >= 0; length--) {
        const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (!isNode(node)) continue;
        const pair =
          key !== undefined && length === path.length && isMap(node) ? node.items.find((item) => keyOf(item) === key) : undefined;
        const start = (isPair(pair) && isNode(pair.key) ? pair.key : node).range?.[0];
        if (start !== undefined) return lines.linePos(start).line;
      }
      return 1;
    },
  };
}

/** `accounts[2].tokenEnv` */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? String(step) : `${text}.${String(step)}`;
  }, "");
}

function keyOf(pair: { key: unknown }): unknown {
  return isScalar(pair.key) ? pair.key.value : pair.key;
}

/** The parser's own words, but for those that quote what the file says. */
function said({ code, message }: { code: string; message: string }): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "the same key stands twice.";
    case "TAB_AS_INDENT":
      return "a tab where spaces should indent.";
    case "BAD_INDENT":
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MISSING_CHAR":
      return `${message.split("\n", 1)[0] ?? code}.`.replace(/[.:]+$/, ".");
    default:
      return `${code.toLowerCase().replaceAll("_", " ")} (check the indentation, quotes and brackets here).`;
  }
}
