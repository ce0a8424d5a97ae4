import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../../src/lib/root.ts";
import { freePorts, tempFolder } from "../support/slugline.ts";
import { testStore, until, type TestStore } from "../support/store.ts";
import { openFleet, type Fleet } from "./fleet.ts";

/** Linux' file on which every write fails as on a full disk. */
const FULL = "/dev/full";

let store: TestStore;
let fleet: Fleet;
beforeAll(async () => {
  store = await testStore();
  fleet = await openFleet(store, "postgres", ["local"]);
});
afterAll(() => fleet[Symbol.asyncDispose]());

/** Pictures are never put on a disk: they are fetched, made fit and sent in memory (src/lib/picture.ts). */
test.skipIf(!existsSync(FULL))("F10: with its log on a full disk a worker starts, posts once, and ends when asked", async () => {
  const [port, redirect, health] = await freePorts();
  const folder = await tempFolder();
  const full = openSync(FULL, "w");
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DATABASE_URL: store.databaseUrl,
    SLUGLINE_KEY: Buffer.alloc(32, 7).toString("base64"),
    DATA_DIR: join(folder.path, "data"),
    PORT: String(port),
    REDIRECT_PORT: String(redirect),
    HEALTH_PORT: String(health),
    LOG_LEVEL: "trace",
  };
  const child = spawn(process.execPath, [join(projectRoot, "bin/slugline.js"), "start", "--role", "work"], {
    cwd: projectRoot,
    env,
    stdio: ["ignore", full, full],
  });
  const ended = once(child, "exit");
  try {
    await until(async () => (await fetch(`http://127.0.0.1:${health}/readyz`).catch(() => undefined))?.ok);
    const posts = await fleet.approved(2);
    await fleet.allPosted();
    const { faults } = await fleet.verdict("F10", { "log on a full disk": 1 });
    expect(faults).toEqual([]);
    expect(posts).toHaveLength(2);
  } finally {
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
    await folder.remove();
  }
});
