import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A post as it was taken: its words, and when (ms since the epoch). */
export interface Taken {
  readonly text: string;
  readonly at: number;
}

/**
 * A network for the bench, in a process of its own: takes posts in Mastodon's dialect as fast as it can, one for each
 * idempotency key. Sends its address when it listens; whatever it is sent, it answers with what it took since.
 */
const ids = new Map<string, string>();
let taken: Taken[] = [];

const server = createServer((request, response) => {
  void answerTo(request).then((body) => {
    response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
  });
});

async function answerTo(request: IncomingMessage): Promise<object> {
  if (request.url === "/api/v1/accounts/verify_credentials") return { id: "1", acct: "desk" };
  if (request.url === "/api/v2/instance") return { configuration: { statuses: { max_characters: 500 } } };
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { status } = JSON.parse(Buffer.concat(chunks).toString()) as { status: string };
  const key = String(request.headers["idempotency-key"]);
  const known = ids.get(key);
  const id = known ?? String(ids.size + 1);
  ids.set(key, id);
  if (known === undefined) taken.push({ text: status, at: performance.timeOrigin + performance.now() });
  return { id, url: `https://social.example/@desk/${id}` };
}

await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
process.on("message", () => {
  process.send?.(taken);
  taken = [];
});
process.on("disconnect", () => process.exit());
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
