import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Outbound } from "../../src/lib/outbound/outbound.ts";

const HOME = fileURLToPath(new URL("../pds/", import.meta.url));

/** Why there is no PDS to run against; undefined when there is one. */
export const noPds = existsSync(join(HOME, "node_modules/@atproto/pds"))
  ? undefined
  : "no PDS in test/pds: `npm run test:full` installs it where it can";

/** Bluesky's own server as a process of its own, with nobody on it yet. */
export async function startPds() {
  const folder = await mkdtemp(join(tmpdir(), "slugline-pds-"));
  const child = spawn(process.execPath, [join(HOME, "start.js"), folder], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`The PDS ended with ${code}.`))),
  ])) as [Buffer];
  const { url, port } = JSON.parse(line.toString()) as { url: string; port: number };
  return {
    url,
    port,
    async close() {
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks a server of atproto's by hand, past the driver: what it says to anybody. */
export async function xrpc(
  outbound: Outbound,
  server: string,
  name: string,
  { token, body, query }: { token?: string; body?: object; query?: Record<string, string> } = {},
) {
  const answer = await outbound.request(`${server}/xrpc/${name}${query ? `?${new URLSearchParams(query)}` : ""}`, {
    method: query ? "GET" : "POST",
    headers: {
      ...(body ? { "content-type": "application/json" } : {}),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const isJson = answer.headers["content-type"]?.includes("json");
  return {
    status: answer.status,
    bytes: answer.body,
    json: (isJson ? JSON.parse(answer.body.toString()) : {}) as Record<string, unknown>,
  };
}

/** An account with an app password, as its owner makes one under Settings. */
export async function accountWithAppPassword(outbound: Outbound, server: string, handle: string) {
  const made = await xrpc(outbound, server, "com.atproto.server.createAccount", {
    body: { handle, email: `${handle.split(".")[0]}@example.test`, password: "the owner's own password" },
  });
  const token = String(made.json["accessJwt"]);
  const app = await xrpc(outbound, server, "com.atproto.server.createAppPassword", { token, body: { name: "slugline" } });
  return { did: String(made.json["did"]), token, password: String(app.json["password"]) };
}
