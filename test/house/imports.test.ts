import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectRoot } from "../../src/lib/root.ts";

/** The design's table, written out by hand: the linter's own copy of it is what is being tested. */
const TABLE: Readonly<Record<string, string>> = {
  lib: "",
  config: "lib",
  store: "lib",
  queue: "lib",
  networks: "lib",
  newsroom: "lib store queue",
  article: "lib store queue newsroom",
  link: "lib store queue newsroom article",
  post: "lib store queue newsroom article link",
  review: "lib store queue newsroom article link post",
  delivery: "lib store queue newsroom article link post review",
  click: "lib store queue newsroom article link post review delivery",
  health: "lib store queue newsroom article link post review delivery click",
  redirect: "lib store link click",
  editor: "lib store newsroom article link post review delivery click health",
  api: "lib store newsroom article link post review delivery click health",
  rehearsal: "lib",
};
/** A bell is rung in the transaction it tells of: the queue knows the store's types, and no more. */
const TYPES_ONLY: Readonly<Record<string, string>> = { queue: "store" };
const ROOMS = Object.keys(TABLE);
const STAGES = ["newsroom", "article", "link", "post", "review", "delivery", "click", "health"];

interface Finding {
  readonly filename: string;
  readonly code: string;
}

/** Lints these files (path below src/ -> text) with the project's own configuration; answers the rules each one breaks. */
async function lint(files: ReadonlyMap<string, string>): Promise<Map<string, Set<string>>> {
  const folder = await mkdtemp(join(tmpdir(), "slugline-house-"));
  try {
    await copyFile(join(projectRoot, "oxlint.config.ts"), join(folder, "oxlint.config.ts"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await symlink(join(projectRoot, "node_modules"), join(folder, "node_modules"));
    for (const [path, text] of files) {
      await mkdir(dirname(join(folder, "src", path)), { recursive: true });
      await writeFile(join(folder, "src", path), text);
    }
    const oxlint = join(projectRoot, "node_modules", "oxlint", "bin", "oxlint");
    // It ends with 1 when it finds something; what it found is on standard output either way.
    const ran = promisify(execFile)(process.execPath, [oxlint, "--format", "json", "src"], {
      cwd: folder,
      maxBuffer: 64 * 2 ** 20,
    });
    const { stdout } = await ran.catch((error: { stdout: string }) => error);
    const found = new Map([...files.keys()].map((path) => [path, new Set<string>()]));
    for (const { filename, code } of (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics) {
      found.get(filename.replaceAll("\\", "/").replace(/^(.*\/)?src\//, ""))?.add(code);
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const IMPORT = "eslint(no-restricted-imports)";
const using = (from: string) => `import { thing } from "${from}";\n\nexport const sample = thing;\n`;
const usingType = (from: string) => `import type { Thing } from "${from}";\n\nexport type Sample = Thing;\n`;

const files = new Map<string, string>();
const broken = new Map<string, string | undefined>();
/** A sample, and the rule it must break; undefined: none. */
function sample(path: string, text: string, rule: string | undefined): void {
  files.set(path, text);
  broken.set(path, rule);
}

for (const room of ROOMS) {
  const allowed = TABLE[room]?.split(" ") ?? [];
  for (const other of ROOMS.filter((name) => name !== room && name !== "networks")) {
    const rule = allowed.includes(other) ? undefined : IMPORT;
    sample(`${room}/to-${other}.ts`, using(`../${other}/thing.ts`), rule);
    sample(`${room}/type-of-${other}.ts`, usingType(`../${other}/thing.ts`), TYPES_ONLY[room] === other ? undefined : rule);
    sample(`${room}/inner/to-${other}.tsx`, using(`../../${other}/thing.ts`), rule);
    sample(`${room}/inner/own-${other}.ts`, using(`../${other}.ts`), room === "networks" ? IMPORT : undefined);
  }
  sample(`${room}/to-app.ts`, using("../app.ts"), IMPORT);
  sample(`${room}/to-driver.ts`, using(room === "networks" ? "./mastodon.ts" : "../networks/mastodon.ts"), IMPORT);
  if (room === "networks") continue;
  sample(`${room}/to-port.ts`, using("../networks/network.ts"), IMPORT);
  sample(`${room}/type-of-port.ts`, usingType("../networks/network.ts"), STAGES.includes(room) ? undefined : IMPORT);
  sample(`${room}/late.ts`, 'export const sample = await import("../app.ts");\n', IMPORT);
}
sample("networks/to-port.ts", using("./network.ts"), undefined);
sample("networks/inner/to-port.ts", using("../network.ts"), undefined);
sample("networks/inner/to-hearing.ts", using("../hearing.ts"), undefined);
sample("delivery/to-hearing.ts", using("../networks/hearing.ts"), IMPORT);
sample("networks/inner/to-driver.ts", using("../mastodon.ts"), IMPORT);
sample("networks/inner/to-own.ts", using("./thing.ts"), undefined);
sample("networks/inner/to-other.ts", using("../mastodon/thing.ts"), IMPORT);
sample("networks/inner/deep/to-port.ts", using("../../network.ts"), undefined);
sample("networks/inner/deep/to-own.ts", using("../thing.ts"), undefined);
sample("networks/inner/deep/to-lib.ts", using("../../../lib/fault.ts"), undefined);
sample("networks/inner/deep/to-other.ts", using("../../mastodon/thing.ts"), IMPORT);
sample("networks/mastodon.ts", using("./mastodon/thing.ts"), undefined);
sample("networks/neighbour.ts", using("./mastodon/thing.ts"), IMPORT);
sample("networks/mastodon/to-store.ts", using("../../store/db.ts"), IMPORT);
sample("config.ts", using("./store/db.ts"), IMPORT);
sample("config/lib.ts", using("../lib/fault.ts"), undefined);
sample("app.ts", using("./networks/mastodon.ts"), undefined);
sample("main.ts", using("./app.ts"), undefined);
sample("cli.ts", using("./app.ts"), undefined);
sample("cli/driver.ts", using("../networks/mastodon.ts"), IMPORT);

for (const [name, text] of Object.entries({
  "http-request": 'import { request } from "node:http";\n\nexport const sample = request;\n',
  "https-get": 'import { get } from "node:https";\n\nexport const sample = get;\n',
  "http-all": 'import * as http from "node:http";\n\nexport const sample = http;\n',
  "http-default": 'import http from "node:http";\n\nexport const sample = http;\n',
  "net-connect": 'import { connect } from "node:net";\n\nexport const sample = connect;\n',
  "tls-connect": 'import { connect } from "node:tls";\n\nexport const sample = connect;\n',
  undici: 'import { Agent } from "undici";\n\nexport const sample = Agent;\n',
})) {
  sample(`link/out-${name}.ts`, text, IMPORT);
  sample(`networks/out-${name}.ts`, text, IMPORT);
  sample(`lib/out-${name}.ts`, text, IMPORT);
  sample(`lib/outbound/${name}.ts`, text, undefined);
}
const FETCH = 'export const sample = await fetch("https://example.org");\n';
sample("lib/outbound/fetch.ts", FETCH, undefined);
sample("lib/outbound/to-store.ts", using("../../store/db.ts"), IMPORT);
for (const room of ROOMS) sample(`${room}/fetch.ts`, FETCH, "eslint(no-restricted-globals)");
sample("redirect/serve.ts", 'import { createServer } from "node:http";\n\nexport const sample = createServer;\n', undefined);
sample("redirect/type.ts", 'import type { Agent } from "node:http";\n\nexport type Sample = Agent;\n', undefined);

const ENVIRONMENT = "export const sample = process.env;\n";
const CONSOLE = 'console.log("sample");\n';
sample("link/environment.ts", ENVIRONMENT, "node(no-process-env)");
sample("config/environment.ts", ENVIRONMENT, undefined);
sample("link/console.ts", CONSOLE, "eslint(no-console)");
sample("cli/console.ts", CONSOLE, undefined);
sample("link/default.ts", "const sample = 1;\nexport default sample;\n", "import(no-default-export)");
sample("link/any.ts", "export const sample: any = 1;\n", "typescript(no-explicit-any)");

describe("the linter keeps the house in order", () => {
  let found: Map<string, Set<string>>;
  beforeAll(async () => {
    found = await lint(files);
  });
  afterAll(() => files.clear());

  const wrongly = (paths: readonly string[]) =>
    paths.filter((path) => {
      const rule = broken.get(path);
      const rules = found.get(path) ?? new Set();
      return rule === undefined ? rules.size > 0 : !rules.has(rule);
    });

  test.each(ROOMS)("%s imports what the table allows, and nothing else", (room) => {
    const paths = [...broken.keys()].filter((path) => path.startsWith(`${room}/`) && !path.includes("/out"));
    expect(paths.length).toBeGreaterThan(30);
    expect(wrongly(paths)).toEqual([]);
  });

  test("lib/outbound is the only way out of the machine", () => {
    expect(wrongly([...broken.keys()].filter((path) => /\/out|fetch|redirect\//.test(path)))).toEqual([]);
  });

  test("app.ts builds everything, and only main.ts and cli.ts build on it; the rest of the house's rules hold", () => {
    expect(wrongly([...broken.keys()])).toEqual([]);
  });

  test("every folder and file of src/ has its row", async () => {
    const there = (await readdir(join(projectRoot, "src"))).map((name) => name.replace(/\.tsx?$/, ""));
    expect(there.filter((name) => !["app", "main", "cli", ...ROOMS].includes(name))).toEqual([]);
  });
});
