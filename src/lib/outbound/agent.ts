import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";
import type { buildConnector } from "undici";
import type { Connect } from "./connect.ts";

/** What node's agents hand to `createConnection`, as far as we believe it. */
interface Wanted {
  readonly host?: string | null | undefined;
  readonly port?: number | string | null | undefined;
  readonly servername?: string | undefined;
}

type Opened = (error: Error | null, socket: Socket) => void;

/**
 * An agent for libraries that go through node:http(s) (twitter-api-v2 does), opening connections by the checked
 * function only. TLS settings of the library are not taken over: none may switch the certificate check off.
 */
export function createAgent(connect: Connect, protocol: "http:" | "https:"): HttpAgent {
  const secure = protocol === "https:";
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const createConnection = (wanted: Wanted, opened: Opened) => {
    const target = {
      secure,
      hostname: wanted.host ?? "localhost",
      port: Number(wanted.port ?? (secure ? 443 : 80)),
      ...(wanted.servername ? { servername: wanted.servername } : {}),
    };
    connect(target).then(
      (socket) => opened(null, socket),
      (error: Error) => opened(error, undefined as unknown as Socket),
    );
    return undefined;
  };
  return Object.assign(agent, { createConnection });
}

/** The same checked function as undici wants it. */
export function undiciConnector(connect: Connect): buildConnector.connector {
  return ({ hostname, port, protocol, servername }, callback) => {
    const secure = protocol === "https:";
    const target = { secure, hostname, port: Number(port || (secure ? 443 : 80)), ...(servername ? { servername } : {}) };
    connect(target).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    );
  };
}
