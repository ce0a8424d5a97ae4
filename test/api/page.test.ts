import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { serve } from "@hono/node-server";
import { afterAll, expect, test } from "vitest";
import { run } from "../../src/cli.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { refusalsOf } from "../../src/api/openapi.ts";
import { routesOf } from "../../src/api/api.ts";
import { SCOPES } from "../../src/newsroom/token.ts";
import { testStore } from "../support/store.ts";
import { opened } from "./seed.ts";

const store = await testStore();
const { doors, token, person, waiting } = await opened(store);
const page = await readFile(join(projectRoot, "docs/api.md"), "utf8");
const shell = [...page.matchAll(/```sh\n([^]*?)```/g)].map((match) => match[1] ?? "");
const shown = [...page.matchAll(/```json\n([^]*?)```/g)].map((match) => JSON.parse(match[1] ?? "") as Record<string, unknown>);
const server = serve({ fetch: doors.fetch, port: 0, hostname: "127.0.0.1" });
await once(server, "listening");
const API = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
afterAll(() => server.close());

/** Runs a command of the page as it stands there; answers what each line printed. */
async function typed(command: string, env: Record<string, string>): Promise<unknown[]> {
  const lines = command.replaceAll("\\\n", " ").trim().split("\n");
  const said = [];
  for (const line of lines) {
    const { stdout } = await promisify(execFile)("sh", ["-c", line], { env: { ...process.env, API, ...env } });
    said.push(JSON.parse(stdout));
  }
  return said;
}

const curl = await promisify(execFile)("curl", ["--version"]).then(
  () => true,
  () => (console.log("skipped: the examples of docs/api.md need curl"), false),
);

test("the commands of docs/api.md make, list and end a token", async () => {
  for (const line of shell[0]?.trim().split("\n") ?? []) {
    const told: string[] = [];
    const code = await run(line.split(" ").slice(1), {
      out: (it) => void told.push(it),
      err: (it) => void told.push(it),
      env: { DATABASE_URL: store.databaseUrl, SLUGLINE_KEY: Buffer.alloc(32, 7).toString("base64") },
      folder: "/nowhere",
    });
    expect([code, told.length > 0], line).toEqual([0, true]);
  }
});

test.runIf(curl)("its link is made, and the answer is the one shown", async () => {
  const TOKEN = await token(["links"], { role: "writer" });
  const [link] = await typed(shell[1] ?? "", { TOKEN });
  const { code } = link as { code: string };
  expect(link).toMatchObject({ ...shown[0], code, short: `https://go.example.org/${code}` });
});

test.runIf(curl)("its decision is taken and taken back", async () => {
  const { post } = await waiting();
  const TOKEN = await token(["read", "decide"], { person: await person("Rosa") });
  const said = await typed(shell[2] ?? "", { TOKEN, POST: post, KEY: "once" });
  expect(said).toMatchObject([{ items: [{ id: post }] }, { state: "approved" }, { state: "waiting" }]);
});

test.runIf(curl)("its problem is the one shown", async () => {
  const TOKEN = await token(["decide"], { role: "editor" });
  const [problem] = await typed(shell[3] ?? "", { TOKEN, POST: (await waiting()).post });
  expect(problem).toMatchObject(shown[1]!);
});

test("it names every scope and every status there is", () => {
  for (const scope of SCOPES) expect(page).toContain(`| \`${scope}\` |`);
  const table = page.slice(page.indexOf("| status |"));
  for (const status of new Set(routesOf({ shortUrl: "https://go.example.org" } as never).flatMap(refusalsOf)))
    expect(table).toContain(String(status));
});
