import { createServer } from "node:http";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import type { PoolConfig } from "pg";
import { createClickLog, type Write } from "../click/segment.ts";
import { rememberingJudge } from "../click/visit.ts";
import { codeOf, Fault } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { Store } from "../store/db.ts";
import { rangesOf } from "../lib/client-address.ts";
import { answerer } from "./answer.ts";
import { keepLinks } from "./links.ts";
import { missBudget } from "./misses.ts";

export interface RedirectOptions {
  /** Need not answer: a redirect starts, and leads on, without it. */
  readonly store: Store;
  /** For a connection of its own that listens. */
  readonly connection: PoolConfig;
  /** Holds `links.snapshot` and `clicks/`. */
  readonly dataDir: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The newsroom's own site, for `/` and the pages; null where there is none. */
  readonly siteUrl: string | null;
  readonly log: Log;
  readonly clock: Clock;
  /** Proxies whose X-Forwarded-For is believed: addresses or CIDRs. None by default. */
  readonly trustProxy?: readonly string[];
  /** How clicks are written; tests fill the disk by it. */
  readonly write?: Write;
}

/** For metrics, since the start. */
interface RedirectCounts {
  readonly links: number;
  /** Visits of all classes written down, and those the disk did not take. */
  readonly written: number;
  readonly lost: number;
}

export interface Redirect {
  readonly url: string;
  /** Where the shipper finds the clicks. */
  readonly clicksFolder: string;
  counts(): RedirectCounts;
  /** Whether all links were read from the store since the start (before, unknown codes are asked for one by one). */
  complete(): boolean;
  /** Stops accepting, and waits for the answers under way (5 s at most). */
  drain(): Promise<void>;
  /** Drains, writes the last clicks and puts them on the disk. */
  close(): Promise<void>;
}

const clicksFolderOf = (dataDir: string) => join(dataDir, "clicks");

const DRAIN_MS = 5_000;

/**
 * The public door. One process, one route, no framework: known links are answered from memory, each click is in a file
 * before its answer leaves, and the store is asked only about codes that are not known.
 *
 * @throws Fault `PORT_IN_USE`, `PORT_REFUSED`; `CONFIG_INVALID` for a proxy that is no address
 */
export async function createRedirect(options: RedirectOptions): Promise<Redirect> {
  const { dataDir, host, port, siteUrl, log, clock, trustProxy = [], write } = options;
  const trusted = rangesOf(trustProxy);
  const clicksFolder = clicksFolderOf(dataDir);
  const server = createServer({ keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: 15_000, noDelay: true });
  const links = await keepLinks(options);
  const clicks = createClickLog({ folder: clicksFolder, log, clock, ...(write && { write }) });
  const door = {
    table: links.table,
    lookup: links,
    clicks,
    judge: rememberingJudge(),
    misses: missBudget(clock),
    trusted,
    siteUrl,
  };
  server.on("request", answerer(door));
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, 1_024, resolve));
  } catch (error) {
    await Promise.all([links.close(), clicks.close()]);
    throw listenFault(error, host, port);
  }
  server.on("error", (error) => log.error({ code: codeOf(error) }, "The redirect's server has a fault"));

  let drained: Promise<void> | undefined;
  const drain = () =>
    (drained ??= new Promise<void>((resolve) => {
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      server.close(() => {
        clearInterval(idle);
        clearTimeout(late);
        resolve();
      });
    }));
  let closed: Promise<void> | undefined;
  const close = async () => {
    await drain();
    await clicks.close();
    await links.close();
  };

  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    clicksFolder,
    counts: () => ({ links: links.table.size, ...clicks.counts() }),
    complete: () => links.complete,
    drain,
    close: () => (closed ??= close()),
  };
}

function listenFault(error: unknown, host: string, port: number): unknown {
  const code = codeOf(error);
  if (code === "EADDRINUSE") {
    const sentence = `Port ${port} for short links is in use. Set REDIRECT_PORT to a free one, or stop the other program.`;
    return new Fault("PORT_IN_USE", sentence, { host, port }, error);
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL") {
    const sentence = `Short links cannot be served at ${host}, port ${port} (${code}). Set HOST and REDIRECT_PORT to what this machine may use.`;
    return new Fault("PORT_REFUSED", sentence, { host, port, code }, error);
  }
  return error;
}
