import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { codeOf, Fault, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import { projectRoot } from "../lib/root.ts";
import type { Clock } from "../lib/time.ts";
import { createAnswers } from "./answer.ts";
import { openLedger, publishNext, saveLedger } from "./ledger.ts";
import { loadStock } from "./stock.ts";

export interface SiteOptions {
  /** 0 or nothing: the port of the last run (from `stateFile`) if it is free, else any. */
  readonly port?: number;
  readonly host: "127.0.0.1";
  readonly clock: Clock;
  /** Milliseconds from one new story to the next. */
  readonly publishEveryMs: number;
  readonly log: Log;
  /** Where the list of what was published is kept over restarts; without it each start is a new site. */
  readonly stateFile?: string;
}

export interface Site extends AsyncDisposable {
  /** The site's origin, without a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * The rehearsal newsroom's own small news site, on loopback: a front page, stories in five languages, a feed, pictures;
 * eight stories at the start, then a new one at each interval for as long as it runs.
 *
 * Throws a Fault `PORT_IN_USE` when the port asked for is taken.
 */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { clock, host, log, stateFile } = options;
  const stock = await loadStock();
  const styleSheet = await readFile(join(projectRoot, "src", "rehearsal", "style.css"), "utf8");
  const ledger = await openLedger(stateFile, stock, clock);
  const answer = createAnswers(stock, ledger.published, styleSheet);
  const save = async () => {
    if (stateFile !== undefined) await saveLedger(stateFile, ledger);
  };

  let origin = "";
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      log.warn({ error: sentenceOf(error) }, "the rehearsal site could not answer");
      response.destroy();
    });
  });
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const pathname = URL.parse(request.url ?? "/", origin)?.pathname ?? "";
    const { status, headers, body } = await answer(origin, pathname, request.headers);
    const length = status === 304 ? {} : { "content-length": Buffer.byteLength(body) };
    response.writeHead(status, { ...headers, ...length, "x-content-type-options": "nosniff" });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  ledger.port = options.port ? await listen(server, host, options.port) : await listenAgain(server, host, ledger.port);
  origin = `http://${host}:${ledger.port}`;
  if (stateFile !== undefined) await mkdir(dirname(stateFile), { recursive: true });
  await save();

  const stop = new AbortController();
  const publishing = (async () => {
    for (;;) {
      await clock.sleep(options.publishEveryMs, stop.signal);
      if (stop.signal.aborted) return;
      const published = publishNext(ledger, stock, clock.now());
      log.debug({ title: published?.title }, "the rehearsal site published a story");
      await save().catch((error: unknown) =>
        log.warn({ error: sentenceOf(error) }, "the rehearsal site could not keep its list"),
      );
    }
  })();

  const close = async () => {
    stop.abort();
    await publishing;
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return { url: origin, close, [Symbol.asyncDispose]: close };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    if (codeOf(error) !== "EADDRINUSE") throw error;
    throw new Fault("PORT_IN_USE", `The rehearsal site's port ${port} is in use.`, { port }, error);
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** Links of an earlier run stay true where its port is still free. */
async function listenAgain(server: Server, host: string, last: number | undefined): Promise<number> {
  if (last === undefined) return listen(server, host, 0);
  try {
    return await listen(server, host, last);
  } catch (error) {
    if (codeOf(error) !== "PORT_IN_USE") throw error;
    return listen(server, host, 0);
  }
}
