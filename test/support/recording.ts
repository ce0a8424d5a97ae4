import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Server } from "node:http";

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface Recording extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Every request that came, whole, in the order in which they ended. */
  readonly requests: Recorded[];
  /** How many connections were ever opened. */
  readonly connections: () => number;
  close(): Promise<void>;
}

type Answering = (request: Recorded, response: ServerResponse, raw: IncomingMessage) => unknown;

/** A real server on 127.0.0.1 (or `::1`) that remembers what it was asked. */
export async function startRecording(
  answering: Answering,
  options: { host?: string; tls?: { key: string; cert: string } } = {},
): Promise<Recording> {
  const requests: Recorded[] = [];
  let connections = 0;
  const listener = async (raw: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of raw) chunks.push(chunk as Buffer);
    const recorded = { method: raw.method ?? "", url: raw.url ?? "", headers: raw.headers, body: Buffer.concat(chunks) };
    requests.push(recorded);
    await answering(recorded, response, raw);
  };
  const handled = (raw: IncomingMessage, response: ServerResponse) => void listener(raw, response).catch(() => raw.destroy());
  const server: Server = options.tls ? createTlsServer(options.tls, handled) : createServer(handled);
  server.on("connection", () => (connections += 1));
  const host = options.host ?? "127.0.0.1";
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  const url = `${options.tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return { url, port, requests, connections: () => connections, close, [Symbol.asyncDispose]: close };
}
