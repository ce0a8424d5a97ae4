import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { createApi } from "../../src/api/api.ts";
import { silentLog } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { openStore } from "../../src/store/open.ts";

/** The programs' door alone, to be killed; prints where it is. */
const store = await openStore({ databaseUrl: process.env["DATABASE_URL"], dataDir: ".", log: silentLog, role: "start" });
const api = createApi({
  store,
  clock: systemClock,
  shortUrl: "https://go.example.org",
  allowLoopback: false,
  usualLimits: () => ({ max: 500, unit: "grapheme", perLink: 23 }),
  live: { subscribe: () => () => undefined },
  log: silentLog,
});
const server = serve({ fetch: new Hono().route("/api/v1", api).fetch, port: 0, hostname: "127.0.0.1" }, () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`),
);
