import { connect as netConnect } from "node:net";
import type { ServerResponse } from "node:http";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { expect } from "vitest";
import { OutboundError } from "../../src/lib/outbound/error.ts";
import { createOutbound, type Outbound, type OutboundOptions, type RequestOptions } from "../../src/lib/outbound/outbound.ts";
import { localhostCert, localhostKey } from "./recording-cert.ts";
import { startRecording, type Recorded } from "./recording.ts";

export const userAgent = "Slugline-test/0 (+https://example.org/about)";

/** A server for every kind of answer, by its path. */
export function answering(request: Recorded, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url, "http://here");
  const to = searchParams.get("to") ?? "/hello";
  const encoded = (encoding: string, body: Buffer) => response.writeHead(200, { "content-encoding": encoding }).end(body);
  if (pathname === "/redirect") return void response.writeHead(Number(searchParams.get("status") ?? 302), { location: to }).end();
  if (pathname === "/loop") return void response.writeHead(302, { location: `/loop?${Math.random()}` }).end();
  if (pathname === "/gzip") return void encoded("gzip", gzipSync("grüße"));
  if (pathname === "/br") return void encoded("br", brotliCompressSync("grüße"));
  if (pathname === "/deflate") return void encoded("deflate", deflateSync("grüße"));
  if (pathname === "/raw-deflate") return void encoded("deflate", deflateRawSync("grüße"));
  if (pathname === "/twice") return void encoded("gzip, gzip", gzipSync(gzipSync("grüße")));
  if (pathname === "/zstd") return void encoded("zstd", Buffer.from("?"));
  if (pathname === "/broken-gzip") return void encoded("gzip", gzipSync("x".repeat(5000)).subarray(0, 20));
  if (pathname === "/bomb") return void encoded("gzip", gzipSync(Buffer.alloc(5_000_000)));
  if (pathname === "/bomb-br") return void encoded("br", brotliCompressSync(Buffer.alloc(5_000_000)));
  if (pathname === "/bomb-deflate") return void encoded("deflate", deflateSync(Buffer.alloc(5_000_000)));
  if (pathname === "/big") return void response.writeHead(200).end(Buffer.alloc(200_000));
  if (pathname === "/endless") {
    const timer = setInterval(() => response.write(Buffer.alloc(10_000)), 1);
    return void response.on("close", () => clearInterval(timer));
  }
  if (pathname === "/hang") return;
  if (pathname === "/hang-after-head") return void response.writeHead(200, { "content-length": 10 }).write("abc");
  if (pathname === "/reset") return void response.socket?.resetAndDestroy();
  if (pathname === "/cut") {
    response.writeHead(200, { "content-length": 100 }).write("half");
    return void setTimeout(() => response.socket?.destroy(), 10);
  }
  if (pathname === "/early-hints") response.writeEarlyHints({ link: "</a.css>; rel=preload" });
  response.writeHead(200, { "content-type": "text/plain" }).end("hello");
}

/** Three servers that may be reached, one of them over TLS, and one on the same machine that is on nobody's list. */
export async function openWorld() {
  const server = await startRecording(answering);
  const other = await startRecording(answering);
  const inner = await startRecording(answering);
  const secure = await startRecording(answering, { tls: { key: localhostKey, cert: localhostCert } });
  const outbound = createOutbound({
    allow: [`127.0.0.1:${server.port}`, `127.0.0.1:${other.port}`, `localhost:${secure.port}`],
    userAgent,
    ca: localhostCert,
  });
  return {
    server,
    other,
    inner,
    secure,
    outbound,
    ask: (path: string, opts?: RequestOptions) => outbound.request(server.url + path, opts),
    async close() {
      await outbound.close();
      await Promise.all([server.close(), other.close(), secure.close(), inner.close()]);
    },
  };
}

export async function failure(asked: Promise<unknown>): Promise<OutboundError> {
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, "a request that should have failed").toBeInstanceOf(OutboundError);
  return error as OutboundError;
}

export async function withOutbound<Result>(
  options: Partial<OutboundOptions>,
  work: (outbound: Outbound) => Promise<Result>,
): Promise<Result> {
  await using made = createOutbound({ allow: [], userAgent, ...options });
  return await work(made);
}

/** A dialler that never leaves the machine: it notes where it was sent, and goes to the test's server instead. */
export function astray(port: number, notes: string[] = []): NonNullable<OutboundOptions["dial"]> {
  return ((options: {
    host: string;
    lookup: (name: string, o: object, done: (e: null, all: { address: string }[]) => void) => void;
  }) => {
    options.lookup(options.host, { all: true }, (_error, all) => notes.push(...all.map(({ address }) => address)));
    return netConnect(port, "127.0.0.1");
  }) as unknown as NonNullable<OutboundOptions["dial"]>;
}
