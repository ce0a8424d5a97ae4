import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import type { Config } from "../config.ts";
import { portFault } from "../health/server.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { createRedirect, type Redirect } from "../redirect/server.ts";
import { createStore } from "../store/db.ts";
import { createPool, type OpenStore } from "../store/open.ts";

export interface Building {
  readonly log: Log;
  readonly clock: Clock;
  readonly stack: AsyncDisposableStack;
}

/** The public door has a small pool of its own: no page of the editor keeps a follower waiting (R6). */
export async function openRedirect(
  config: Config,
  connection: OpenStore["connection"],
  { log, clock, stack }: Building,
): Promise<Redirect> {
  const pool = createPool(connection, { log, max: 2 });
  stack.defer(() => pool.end());
  const siteUrl = config.newsroom?.site.url ?? null;
  const redirect = await createRedirect({
    store: createStore(pool),
    connection,
    dataDir: config.dataDir,
    host: config.host,
    port: config.redirectPort,
    trustProxy: config.trustProxy,
    siteUrl,
    log,
    clock,
  });
  stack.defer(() => redirect.close());
  return redirect;
}

/** The newsroom's and the programs' door. */
export async function openDoor(doors: Hono, config: Config, stack: AsyncDisposableStack): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = serve({ fetch: doors.fetch, port: config.port, hostname: config.host }, () => resolve());
    server.once("error", (error) => reject(portFault(error, config.port)));
    stack.defer(
      () =>
        new Promise<void>((closed) => {
          server.close(() => closed());
          if ("closeAllConnections" in server) server.closeAllConnections();
        }),
    );
  });
}
