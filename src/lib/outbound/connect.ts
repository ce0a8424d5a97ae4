import { lookup as systemLookup } from "node:dns/promises";
import { connect as netConnect, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { say } from "../say.ts";
import { plainHost, type Guard } from "./address.ts";
import { blocked, connectFault, OutboundError } from "./error.ts";

interface Target {
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** The name the certificate must bear, when it is not the hostname. */
  readonly servername?: string;
}

interface Found {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name. Passed in so that tests can lie. */
export type Lookup = (hostname: string) => Promise<readonly Found[]>;

/** Opens the raw connection. Passed in so that tests can send it astray. */
export type Dial = typeof netConnect;

/** Opens a connection to a target that may be reached. Throws an OutboundError, never sent. */
export type Connect = (target: Target) => Promise<Socket>;

export interface ConnectOptions {
  readonly guard: Guard;
  readonly timeoutMs: number;
  readonly lookup?: Lookup | undefined;
  readonly dial?: Dial | undefined;
  /** PEM of the certificates to trust in place of the system's. */
  readonly ca?: string | undefined;
}

/**
 * The one function that opens connections to the outside. A host is checked three times: as a literal, by each address
 * its name has (looked up once, and only checked addresses are dialled, so a second answer changes nothing), and by the
 * address the socket ended at, before a byte of TLS or HTTP is written.
 */
export function createConnect(options: ConnectOptions): Connect {
  const { guard, dial = netConnect, lookup = (name) => systemLookup(name, { all: true, order: "verbatim" }) } = options;

  async function checkedAddresses(hostname: string, port: number): Promise<readonly Found[]> {
    const family = isIP(hostname);
    const found = family === 0 ? await lookup(hostname) : [{ address: hostname, family }];
    const reachable = found.filter(({ address }) => guard.mayReach(hostname, port, address));
    if (reachable.length === 0) throw blocked(`${hostname}:${port}`, "it is not on the public internet");
    return reachable;
  }

  async function plain(hostname: string, port: number, signal: AbortSignal): Promise<Socket> {
    const addresses = await checkedAddresses(hostname, port);
    signal.throwIfAborted();
    const socket = dial({
      host: hostname,
      port,
      lookup: answering(addresses),
      autoSelectFamily: true,
      noDelay: true,
      keepAlive: true,
    });
    await opened(socket, "connect", signal);
    if (guard.mayReach(hostname, port, socket.remoteAddress ?? "")) return socket;
    socket.destroy();
    throw blocked(`${hostname}:${port}`, "its connection ended at an address that is not on the public internet");
  }

  async function secured(socket: Socket, target: Target, hostname: string, signal: AbortSignal): Promise<Socket> {
    const servername = target.servername ?? (isIP(hostname) === 0 ? hostname : "");
    const secure = tlsConnect({
      socket,
      host: hostname,
      servername,
      ALPNProtocols: ["http/1.1"],
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
    try {
      await opened(secure, "secureConnect", signal);
      return secure;
    } catch (error) {
      socket.destroy();
      if (signal.aborted) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new OutboundError(
        "OUTBOUND_TLS",
        "no",
        say`${hostname} could not prove who it is: ${why}`,
        { where: hostname },
        error,
      );
    }
  }

  return async (target) => {
    const hostname = plainHost(target.hostname);
    const where = `${hostname}:${target.port}`;
    if (!guard.mayTry(hostname, target.port)) throw blocked(where, "its port is neither 80 nor 443");
    const late = AbortSignal.timeout(options.timeoutMs);
    try {
      const socket = await plain(hostname, target.port, late);
      return target.secure ? await secured(socket, target, hostname, late) : socket;
    } catch (error) {
      if (!late.aborted) throw connectFault(error, where);
      throw new OutboundError(
        "OUTBOUND_CONNECT_TIMEOUT",
        "no",
        say`${where} did not take the connection within ${options.timeoutMs} ms.`,
        { where },
        error,
      );
    }
  };
}

/** Waits for a socket to be ready; it is destroyed when it fails, hangs up, or is too late. */
function opened(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ready = () => resolve();
  const hungUp = () => reject(new Error("it hung up"));
  const late = () => reject(signal.reason);
  // Stays on: an error between now and the moment a client takes the socket over would otherwise end the process.
  socket.on("error", reject);
  socket.once(event, ready).once("close", hungUp);
  signal.addEventListener("abort", late, { once: true });
  const settled = () => {
    socket.off(event, ready).off("close", hungUp);
    signal.removeEventListener("abort", late);
  };
  promise.then(settled, () => {
    settled();
    socket.destroy();
  });
  return promise;
}

/** A lookup that knows one answer, so that what was checked is what is dialled. */
function answering(addresses: readonly Found[]): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all) return callback(null, [...addresses]);
    const first = addresses[0] as Found;
    callback(null, first.address, first.family);
  };
}
