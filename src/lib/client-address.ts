import ipaddr from "ipaddr.js";
import { Fault } from "./fault.ts";

export type Ranges = readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];

/**
 * Proxies whose `X-Forwarded-For` is believed.
 *
 * @param list addresses or CIDRs, such as `127.0.0.1` or `10.0.0.0/8`
 * @throws Fault `CONFIG_INVALID` for what is neither
 */
export function rangesOf(list: readonly string[]): Ranges {
  return list.map((text) => {
    try {
      if (text.includes("/")) return ipaddr.parseCIDR(text);
      const address = ipaddr.parse(text);
      return [address, address.kind() === "ipv4" ? 32 : 128];
    } catch (cause) {
      throw new Fault("CONFIG_INVALID", `${text} is neither an IP address nor a range like 10.0.0.0/8.`, { text }, cause);
    }
  });
}

/** Whether text is an address or a CIDR. */
export function isAddressOrRange(text: string): boolean {
  return text.includes("/") ? ipaddr.isValidCIDR(text) : ipaddr.isValid(text);
}

/**
 * Who a request counts as when wrong codes or passwords are counted: the IPv4 address, or the /64 of an IPv6 one (a household).
 *
 * @param remote the address of the connection
 * @param forwarded `X-Forwarded-For`, read from its end for as long as trusted proxies wrote it
 */
export function visitorKey(remote: string | undefined, forwarded: string | undefined, trusted: Ranges): string {
  const address = clientAddress(remote, forwarded, trusted);
  if (address === undefined) return "unknown";
  if (address.kind() === "ipv4") return address.toString();
  return (address as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":");
}

/** Where a request came from: the connection's address, or what our own proxies say it was. Undefined where nobody can tell. */
export function clientAddress(
  remote: string | undefined,
  forwarded: string | undefined,
  trusted: Ranges,
): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const hops = (forwarded ?? "").split(",").map((hop) => hop.trim());
  let address = parsed(remote);
  while (address !== undefined && hops.length > 0 && isAmong(address, trusted)) {
    const next = parsed(hops.pop());
    if (next === undefined) break;
    address = next;
  }
  return address;
}

const parsed = (text: string | undefined) => (text !== undefined && ipaddr.isValid(text) ? ipaddr.process(text) : undefined);

function isAmong(address: ipaddr.IPv4 | ipaddr.IPv6, ranges: Ranges): boolean {
  return ranges.some(([range, bits]) => range.kind() === address.kind() && address.match([range, bits] as [ipaddr.IPv4, number]));
}
