import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { afterAll, expect, test } from "vitest";
import { createHooks } from "../../src/api/hooks.ts";
import { receiveHook } from "../../src/article/receive.ts";
import { newId } from "../../src/lib/id.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { systemClock } from "../../src/lib/time.ts";
import { testStore } from "../support/store.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

const page = await readFile(join(projectRoot, "docs/hooks.md"), "utf8");
const example = /```js\n([^]*?)```/.exec(page)?.[1] ?? "";
const store = await testStore();
await store.query("insert into slugline.source (id, name, kind, settings, origin) values ($1, 'cms', 'hook', $2, 'file')", [
  newId(),
  JSON.stringify({ secretEnv: "CMS_SECRET" }),
]);
const hooks = createHooks({
  receive: (source, headers, body) => receiveHook({ store, secrets: () => SECRET, clock: systemClock }, source, headers, body),
});
const server = serve({ fetch: new Hono().route("/hooks", hooks).fetch, port: 0, hostname: "127.0.0.1" });
await once(server, "listening");
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/cms`;
const folder = await mkdtemp(join(tmpdir(), "slugline-hook-"));

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the page's own example as a CMS would; answers what it printed. */
async function send(code: string, secret: string): Promise<string> {
  const file = join(folder, "hook.mjs");
  await writeFile(file, code);
  return (await promisify(execFile)(process.execPath, [file, address], { env: { ...process.env, CMS_SECRET: secret } })).stdout;
}

test("the example of docs/hooks.md brings its article, and one of a wrong secret nothing", async () => {
  expect(await send(example, SECRET)).toMatch(/^202 /);
  expect(await send(example, `whsec_${Buffer.alloc(32, 8).toString("base64")}`)).toMatch(/^401 .*does not match/);
  const { rows } = await store.query<{ title: string; state: string }>("select title, state from slugline.article");
  expect(rows).toEqual([{ title: "Bridge reopens on Monday", state: "seen" }]);
});

test("the body that docs/hooks.md shows is taken as it stands", async () => {
  const shown = /```json\n([^]*?)```/.exec(page)?.[1] ?? "";
  const code = example.replace(/const body = JSON\.stringify\([^]*?\n\}\);/, `const body = ${JSON.stringify(shown)};`);
  expect(await send(code, SECRET)).toMatch(/^202 /);
});
