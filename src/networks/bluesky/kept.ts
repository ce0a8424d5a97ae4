import type { Account } from "../network.ts";

/** A session as it is kept among the account's secrets. */
export interface Session {
  /** Where it was made, and for whom: another server or handle needs another session. */
  readonly server: string;
  readonly identifier: string | null;
  /** Origin of the server that has the account's records, which may be another one. */
  readonly service: string;
  readonly did: string;
  readonly handle: string;
  /** False when it was deactivated or taken down: it may log in then, and nothing else. */
  readonly active: boolean;
  readonly access: string;
  readonly refresh: string;
}

const FIELDS = ["server", "service", "did", "handle", "access", "refresh"] as const;

/** Undefined when nothing is kept, when it cannot be read, and when it is not of this account as it is set up now. */
export function keptSession(account: Account, text: string | undefined): Session | undefined {
  if (text === undefined) return undefined;
  let read: Partial<Record<string, unknown>>;
  try {
    read = JSON.parse(text) as typeof read;
  } catch {
    return undefined;
  }
  if (!FIELDS.every((name) => typeof read[name] === "string" && read[name] !== "")) return undefined;
  return read["server"] === account.server && read["identifier"] === account.handle ? (read as unknown as Session) : undefined;
}

/**
 * Where the account's records are, as its DID document says: large providers log in at one address and keep accounts at
 * many. What is not a plain public https address is not believed; the server that was named then does all.
 */
export function serviceOf(server: string, didDoc: unknown): string {
  const services = (didDoc as { service?: unknown } | null | undefined)?.service;
  if (!Array.isArray(services)) return server;
  const named = (services as { id?: unknown; serviceEndpoint?: unknown }[]).find(
    (one) => typeof one?.id === "string" && one.id.endsWith("#atproto_pds"),
  );
  const url = typeof named?.serviceEndpoint === "string" ? URL.parse(named.serviceEndpoint) : null;
  const plain = url?.protocol === "https:" && url.port === "" && url.username === "" && url.password === "";
  return plain ? url.origin : server;
}
