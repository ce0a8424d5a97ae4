import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { webhook } from "../../src/networks/webhook.ts";
import { SECRET } from "../support/webhook.ts";
import { webhookAccountOn, webhookBench } from "../support/webhook-bench.ts";
import { keyOf, ready, signal } from "./contract.ts";

const page = await readFile(join(projectRoot, "docs/webhook.md"), "utf8");
const folder = await mkdtemp(join(tmpdir(), "slugline-webhook-"));
await writeFile(join(folder, "receiver.mjs"), /```js\n([^]*?)```/.exec(page)?.[1] ?? "");
const children = new Set<ChildProcess>();

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** Runs the page's own example as its reader would; answers its port. */
async function startReceiver(secret = SECRET): Promise<{ child: ChildProcess; port: number }> {
  const env = { ...process.env, APP_SECRET: secret, PORT: "0" };
  const child = spawn(process.execPath, ["receiver.mjs"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  return { child, port: Number(/listening on (\d+)/.exec(line.toString())?.[1]) };
}

async function send(port: number, id: string, secret = SECRET): Promise<string> {
  await using outbound = createOutbound({ allow: [`127.0.0.1:${port}`], userAgent: "Slugline-test/0" });
  const account = webhookAccountOn(`http://127.0.0.1:${port}/hooks/slugline`, secret);
  return (await webhook(outbound).publish(account, ready(), keyOf(ready(), id), signal())).kind;
}

const posts = async () =>
  (await readFile(join(folder, "posts.jsonl"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { data: { id: string } }).data.id);

test("the example of docs/webhook.md takes each post once, also after it was killed, and none of another secret", async () => {
  const first = await startReceiver();
  expect([await send(first.port, "a"), await send(first.port, "a"), await send(first.port, "b")]).toEqual(
    Array(3).fill("posted"),
  );
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  const other = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
  const second = await startReceiver(`${other} ${SECRET}`);
  expect(await send(second.port, "b")).toBe("posted");
  expect(await send(second.port, "c", other)).toBe("posted");
  expect(await send(second.port, "d", `whsec_${Buffer.alloc(32, 6).toString("base64")}`)).toBe("locked-out");
  expect(await posts()).toEqual(["a", "b", "c"]);
});

test("the message that docs/webhook.md shows has the fields that are sent, and no others", async () => {
  const shown: unknown = JSON.parse(/```json\n([^]*?)```/.exec(page)?.[1] ?? "");
  await using bench = await webhookBench();
  const image = { url: "https://example.org/bridge.jpg", alt: "" };
  const post = { ...ready(), card: { url: ready().link as string, title: "", description: "", image } };
  await bench.network.publish(bench.account, post, keyOf(post), signal());
  expect(shapeOf(JSON.parse(bench.standIn.requests[0]!.body.toString()))).toEqual(shapeOf(shown));
});

function shapeOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return typeof value;
  return Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]);
}
