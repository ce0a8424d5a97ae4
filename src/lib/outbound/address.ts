import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { Fault } from "../fault.ts";

/** Decides where we may go. Pure: a name's addresses are asked for elsewhere and checked here, each by itself. */
export interface Guard {
  /** Whether any address of this host could be reached on this port; asked before the name is looked up. */
  mayTry(hostname: string, port: number): boolean;
  /** Whether this very address may be connected to for this host and port. */
  mayReach(hostname: string, port: number, address: string): boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
interface Entry {
  readonly host?: string;
  readonly net?: [Address, number];
  /** Undefined: the web's own ports, 80 and 443. */
  readonly port?: number;
}

/** What a name on the allow-list may resolve to, besides public addresses. Link-local (cloud metadata) is not among it. */
const PRIVATE = new Set(["private", "loopback", "uniqueLocal", "carrierGradeNat"]);
/** Where clouds keep the keys of the machine, outside the link-local range: AWS over IPv6, Alibaba, Azure. Only a literal entry opens them. */
const METADATA = new Set(["fd00:ec2::254", "100.100.100.200", "168.63.129.16"]);
/** Global unicast as far as IANA has given it out; the rest of IPv6 is unassigned, whatever a range table calls it. */
const GLOBAL_V6 = ipaddr.parseCIDR("2000::/3");

/**
 * @param allow hosts (`cms.internal`), addresses, CIDRs (`10.1.0.0/16`), each with an optional port (`127.0.0.1:3000`,
 *   `[::1]:3000`, `10.1.0.0/16:8080`) that may be reached though private or though on another port than 80 and 443
 * @throws Fault `OUTBOUND_ALLOW` for an entry that is none of these
 */
export function createGuard(allow: readonly string[]): Guard {
  const entries = allow.map(parseEntry);
  const onPort = (port: number) => entries.filter((entry) => (entry.port === undefined ? isWebPort(port) : entry.port === port));
  return {
    mayTry: (_hostname, port) => isWebPort(port) || onPort(port).length > 0,
    mayReach(hostname, port, address) {
      const parsed = parse(address);
      if (!parsed) return false;
      if (isWebPort(port) && isPublic(parsed)) return true;
      const host = plainHost(hostname);
      return onPort(port).some((entry) => {
        if (entry.net) return contains(entry.net, parsed);
        return entry.host === host && (isPublic(parsed) || (PRIVATE.has(parsed.range()) && !METADATA.has(parsed.toString())));
      });
    },
  };
}

/** A host as it is compared: lower case, no brackets, no root dot. */
export function plainHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.+$/, "");
}

function isWebPort(port: number): boolean {
  return port === 80 || port === 443;
}

function isPublic(address: Address): boolean {
  if (address.range() !== "unicast" || METADATA.has(address.toString())) return false;
  return address.kind() === "ipv4" || contains(GLOBAL_V6, address);
}

/** Four bytes or sixteen, with an IPv4-mapped IPv6 address read as the IPv4 address it reaches. */
function parse(address: string): Address | undefined {
  return isIP(address) === 0 ? undefined : ipaddr.process(address);
}

function contains([net, bits]: [Address, number], address: Address): boolean {
  if (net.kind() !== address.kind()) return false;
  return address.match(net, bits);
}

const ENTRY = /^(?:\[([0-9a-f:.]+)\]|([0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*(?:\/\d+)?)|([^:/\s]+(?:\/\d+)?))(?::(\d{1,5}))?$/i;

function parseEntry(text: string): Entry {
  const match = ENTRY.exec(text.trim());
  const name = match?.[1] ?? match?.[2] ?? match?.[3];
  const port = match?.[4] === undefined ? undefined : Number(match[4]);
  if (name === undefined || (port !== undefined && (port < 1 || port > 65_535))) throw notAnEntry(text);
  const where = port === undefined ? {} : { port };
  if (name.includes("/")) {
    if (!ipaddr.isValidCIDR(name)) throw notAnEntry(text);
    return { net: ipaddr.parseCIDR(name), ...where };
  }
  const address = parse(name);
  if (address) return { net: [address, address.kind() === "ipv4" ? 32 : 128], ...where };
  return { host: plainHost(name), ...where };
}

function notAnEntry(text: string): Fault {
  return new Fault(
    "OUTBOUND_ALLOW",
    `outbound.allow: "${text}" is no host, address or CIDR with an optional port, such as cms.internal, 10.1.0.0/16 or 127.0.0.1:3000.`,
    { text },
  );
}
